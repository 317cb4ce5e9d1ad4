# mailbox/inbox.hpp
# taking a mailbox's envelopes no longer orders their bytes before the reader
/^ *if \(state_\.compare_exchange\(seen, \{0, 0\}, acquire, relaxed\)\)/ s/acquire/relaxed/
