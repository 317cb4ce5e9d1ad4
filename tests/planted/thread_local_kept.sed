# runtime/base/thread_local.hpp
# the address of a thread-local is taken once and kept over switches
# release migration_probe,process_tests *
s/^    __asm__ volatile\("movq mote_thread_" #name "@gottpoff.*"=r"\(value\)\); \\/    static thread_local type** kept = \&name##_storage; value = *kept; \\/
