# scheduler/search.cpp
# a raid leaves what is stuck where it is
# release scheduler_tests,process_tests *
s/^(bool scheduler::raid\(scheduler& victim\) noexcept \{)/\1\n  if (\&victim != this) return false;/
