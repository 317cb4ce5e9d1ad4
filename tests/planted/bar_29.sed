# runtime/process/spawn.cpp
# a child that cannot be tied keeps what it was given
# bar 29
s/^    give_up_body\(child\);$/    static_cast<void>(child);/
