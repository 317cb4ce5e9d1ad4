# runtime/sim/simulation.hpp
# the clock of a simulated run is the machine's in part
# bar 2
s/now_ns\(\) noexcept override \{ return now_; \}/now_ns() noexcept override { return now_ + __builtin_ia32_rdtsc() % 4096; }/
