# include/mote/detail/codec.hpp
# a container may claim more elements than there are bytes
# bar 18
/^  if \(count > left_\.size\(\) \/ least_bytes\) refuse/d
