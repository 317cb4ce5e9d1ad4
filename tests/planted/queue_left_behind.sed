# scheduler/handoff.cpp
# a hand-off leaves what is ready with the process that does not let go
# release process_tests handoff*
/^  queue_\.take_all\(victim\.queue_\);/d
