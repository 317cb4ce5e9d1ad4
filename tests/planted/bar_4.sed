# mailbox/inbox.hpp
# taking a mailbox's envelopes no longer orders their bytes before the reader
# bar 4
/state_\.compare_exchange\(seen, \{0, seen\.high & lasting\(seen\.high\)\}, acquire, relaxed\)/ s/acquire/relaxed/
