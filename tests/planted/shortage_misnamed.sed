# runtime/os/packet_socket.cpp
# a packet for whose file no descriptor is free counts as one that is too large
# release worker_tests shortage*
s/if \(none_free\) return \{0, EMFILE\};/if (none_free) return {0, EMSGSIZE};/
