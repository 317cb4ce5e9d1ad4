# scheduler/idle.hpp
# no fence between the announcement of a sleep and the last look
# model model_tests idle_model*
/void park\(unsigned who/,/^  }/ s/^    fence\(seq_cst\);.*//
