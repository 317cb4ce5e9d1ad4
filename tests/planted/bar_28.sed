# runtime/process/wait.cpp
# a process that waits for a descriptor does not count as one that may be woken
# bar 28
s/home_\.outside_waits\.fetch_add\(1, relaxed\);/home_.outside_waits.fetch_add(0, relaxed);/; s/home_\.outside_waits\.fetch_sub\(1, release\);/home_.outside_waits.fetch_sub(0, release);/
