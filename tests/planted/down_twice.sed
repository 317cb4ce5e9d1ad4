# runtime/process/ties.cpp runtime/process/drain.cpp
# each monitor brings two downs
# release process_tests monitor*:*down*
/^void tell_watchers/,/^}/ s/^    one\.watcher_key = 0;/    if (one.watcher_key != 0) post_marked(here, one.watcher_key, which, down{which, own, why});\n&/
/case ref_kind::monitor:/,/fallthrough/ s/\[\[fallthrough\]\];/break;/
