# runtime/time/timer_wheel.cpp
# a timer cancelled by another thread goes back to the wheel at once
# release runtime_tests timer*
s/^  if \(&home == caller_wheel\) \{/  if (\&home == caller_wheel || caller_wheel == nullptr) {/
