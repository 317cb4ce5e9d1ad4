# runtime/base/annotate.hpp
# each switch orders the two processes, so that ThreadSanitizer sees no races between them
# bar 14
s/__tsan_switch_to_fiber_no_sync/0/
