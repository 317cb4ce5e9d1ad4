# scheduler/balance.cpp
# work is offered to thieves, and none of them is woken
# release scheduler_tests,process_tests *
/^void scheduler::share/,/^}/ s/^  group_\.wake_one\(\);//
