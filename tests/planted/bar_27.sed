# runtime/os/alarm_clock.cpp
# each runtime leaves a descriptor open
# bar 27
s/^alarm_clock::~alarm_clock\(\) \{ ::close\(clock_\); \}/alarm_clock::~alarm_clock() = default;/
