# scheduler/idle.hpp
# nobody watches over what is stuck
# release scheduler_tests,process_tests *
s/^(  bool become_watcher\(unsigned who, unsigned schedulers\) noexcept \{)/\1\n    if (schedulers != 0) return false;/
