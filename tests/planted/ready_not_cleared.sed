# runtime/io/readiness.hpp
# an event between an attempt and the wait is lost
# model model_tests readiness*
s/^      if \(\(seen & ready\(side\)\) != 0\) return false;//
