# scheduler/run_queue.hpp
# work of low priority gets no turn beside high
# release process_tests priority*
s/\+\+passed_over_\[lower\] > patience/false/
