# runtime/stack/context.cpp
# exceptions in flight stay behind on the thread that a process leaves
# bar 16
s/^  \*came\.on->exceptions = exceptions;/  static_cast<void>(exceptions);/
