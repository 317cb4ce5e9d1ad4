# runtime/process/table.cpp
# one process more than allowed
# release process_tests limits*:*limit*:spawn*
s/if \(scarce_ && alive\(\) >= most_\) return;/if (scarce_ \&\& alive() > most_) return;/
