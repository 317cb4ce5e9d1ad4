# runtime/process/drain.cpp
# what has gathered in a mailbox is received newest first
# bar 1
s/for \(envelope\* mail = oldest_first\(newest\); mail/for (envelope* mail = newest; mail/
