# runtime/otp/supervisor.cpp
# one restart more than allowed before a supervisor gives up
# bar 11
s/restarts_\.size\(\) <= flags_\.intensity/restarts_.size() <= flags_.intensity + 1/
