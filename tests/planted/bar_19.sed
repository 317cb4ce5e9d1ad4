# runtime/process/overflow.cpp
# who overflows is thrown out of calls that cannot throw
# bar 19
s/^  if \(!expects_exception\(own\)\) return false;$//
