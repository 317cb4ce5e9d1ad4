# runtime/os/system_refusal.cpp
# an error for want of addresses does not say which limit stands behind it
# bar 30
/^  add_limit\(text, "RLIMIT_AS"/d
