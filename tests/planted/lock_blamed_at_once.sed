# runtime/process/left_locks.cpp
# whatever names the thread of a process that overflowed counts as a lock left behind
# release process_tests overflow.is_not_blamed*
s/now == lock_state::wanted \?/now != lock_state::not_held ?/
