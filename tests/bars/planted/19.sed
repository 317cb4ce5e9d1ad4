# runtime/process/overflow.cpp
# who overflows is thrown out of calls that cannot throw
s/^  if \(!expects_exception\(own\)\) return false;$//
