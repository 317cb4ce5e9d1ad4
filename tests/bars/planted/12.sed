# runtime/otp/supervisor.cpp
# children are stopped in the order of their start
s/auto child = children_\.rbegin\(\); child != children_\.rend\(\)/auto child = children_.begin(); child != children_.end()/
