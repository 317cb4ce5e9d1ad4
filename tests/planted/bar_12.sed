# runtime/otp/supervisor.cpp
# children are stopped in the order of their start
# bar 12
s/auto child = children_\.rbegin\(\); child != children_\.rend\(\)/auto child = children_.begin(); child != children_.end()/
