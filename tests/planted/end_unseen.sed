# runtime/observe/deadlock.cpp
# a process that comes to its end on a thread of its own counts for nothing when all others wait
# release observe_tests no_deadlock*
s/ \|\| doing == activity::exiting\)/)/
