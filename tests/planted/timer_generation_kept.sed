# runtime/time/timer_state.hpp
# a timer used again answers to its last id
# model model_tests timer_state*
s/pack\(generation\(\) \+ 1, idle\)/pack(generation(), idle)/
