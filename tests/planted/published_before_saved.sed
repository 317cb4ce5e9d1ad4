# scheduler/dispatch.cpp
# a process that leaves is there for others before its context is saved
# release process_tests *
/^void scheduler::switch_away/,/^}/ { s/^  then_ = then;/  then_ = [](scheduler\&, runnable\&) noexcept {};\n  then(*this, *self);/ }
