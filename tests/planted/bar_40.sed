# runtime/observe/dump.cpp
# a dump ends with the 1,000th process
# bar 40
s/index < home\.table\.carved\(\); \+\+index\) \{$/index < std::min(home.table.carved(), 1000u); ++index) {/
