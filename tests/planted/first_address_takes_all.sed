# runtime/io/tcp.cpp
# the first address of a host gets all the time there is
# release runtime_tests connect*
s|return now \+ \(deadline_ns - now\) / addresses_left;|return addresses_left != 0 ? deadline_ns : now;|
