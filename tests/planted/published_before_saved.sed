# scheduler/dispatch.cpp
# a process that leaves is there for others before its context is saved
# release process_tests *
/^scheduler& scheduler::leave_to/,/^}/ { s/^  then_ = then;/  then_ = [](scheduler\&, runnable\&) noexcept {};\n  then(*this, *running_);/ }
