# runtime/process/ties.cpp
# a link passes no kill on
# bar 39
s/^  if \(!is_trapped\(self, news\.why, by_link\)\) return/  if (by_link \&\& news.why.kind() == reason_kind::killed) return;\n&/
