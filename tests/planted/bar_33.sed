# runtime/worker/stand_in.cpp
# an OS process that was killed counts as one that has ended as it should
# bar 33
s/(if \(how\.by_signal\) return reason\(reason_kind::)signal,/\1normal,/
