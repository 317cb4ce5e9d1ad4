# scheduler/steal_queue.hpp
# a thief copies the items after it has claimed them
# model model_tests steal_queue*
/^    copy_out\(head, out, taken\); .*I3/d
s/^    return head_\.compare_exchange_strong\(head, head \+ taken, release, relaxed\) \? taken : 0;.*/    const std::uint64_t from = head;\n    if (!head_.compare_exchange_strong(head, head + taken, release, relaxed)) return 0;\n    copy_out(from, out, taken);\n    return taken;/
