# runtime/process/ties.cpp
# a link passes no kill on
/receive_exit\(self, from, why, true\);/ s/^/  if (why.kind() == reason_kind::killed) return;\n/
