# runtime/process/tie_calls.cpp
# demonitor does not flush
# release process_tests monitor*:demonitor*
/^    drop_marked\(self, which\.number\(\)\);/d
s/^  \} else if \(flush\) \{/  } else if (flush \&\& which.number() == 0) {/
