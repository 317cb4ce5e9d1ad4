# scheduler/idle.hpp
# the watcher trusts the count of the parked, which a waker lowers late
# model model_tests idle_model*
/bool all_parked/ s/count_bits\(\)/parked_.load(relaxed)/
