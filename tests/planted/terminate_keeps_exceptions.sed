# runtime/process/finish.cpp
# a stack discarded by std::terminate leaves its exceptions on the thread
# release process_tests terminate*
/^\[\[noreturn\]\] void end_this_process_only/,/^}/ { /lose_exceptions/d }
