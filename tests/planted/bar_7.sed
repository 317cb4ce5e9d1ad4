# runtime/process/drain.cpp runtime/process/wait.cpp
# messages behind an exit signal are kept, and looked at before the signal is
# bar 7
s/(bool usual = .*) && !self\.has\(process_flags::doomed\);/\1;/
/mailbox_scan::more/,/^}/ { /end_if_doomed/d }
