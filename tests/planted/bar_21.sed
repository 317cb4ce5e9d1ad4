# runtime/process/wait.cpp
# a killed process may wait ten times as long while it unwinds
# bar 21
s/^(constexpr std::uint64_t dying_wait_ns = )2'000'000;/\120'000'000;/
