# runtime/process/drain.cpp
# what has gathered in a mailbox is received newest first
# bar 1
s/sort_each\(here, self, oldest_first\(drained.newest\)\)/sort_each(here, self, drained.newest)/
