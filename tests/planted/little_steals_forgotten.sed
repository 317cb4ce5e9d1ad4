# scheduler/spoils.hpp
# a thief goes on asking for work that costs more to move than to do
# release scheduler_tests spoils*
s/were_worth_it\(\) const noexcept \{ return little_ < most_little; \}/were_worth_it() const noexcept { return true; }/
