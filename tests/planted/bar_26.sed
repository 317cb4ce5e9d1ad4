# scheduler/turn_watch.cpp
# a process that does not let go of its scheduler keeps it
# bar 26
s/group_\.hand_off\(index, dispatches, now - last\.since_ns\);/seen.cut_slice();/
