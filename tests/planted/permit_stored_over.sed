# runtime/os/permit.hpp
# a permit that comes as the time runs out is lost
# model model_tests permit*:parker*
s/bool wake_up\(\) noexcept \{ return word_\.exchange\(none, acquire\) == left; \}/bool wake_up() noexcept { const bool there = is_left(); word_.store(none, relaxed); return there; }/
