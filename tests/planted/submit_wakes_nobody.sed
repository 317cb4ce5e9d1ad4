# scheduler/group.cpp
# what a plain thread submits wakes nobody
# release scheduler_tests,process_tests *
/^void scheduler_group::submit/,/^}/ s/^ *wake_one\(\);//
