# runtime/process/ties.cpp
# who traps exits traps a kill
# release process_tests exit*:*trap*:*kill*
s/ && \(why\.kind\(\) != reason_kind::kill \|\| by_link\);/ \&\& (why.kind() == why.kind() || by_link);/
