# runtime/process/ties.cpp
# who is killed tells its monitors nothing
# bar 39
s/^(  if \(self\.watchers != nullptr)\) tell_watchers/\1 \&\& why.kind() != reason_kind::killed) tell_watchers/
