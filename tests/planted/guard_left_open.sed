# runtime/stack/stack_arena.cpp
# a stack that is used again has no guard
# release runtime_tests,process_tests stack*:overflow*
/^bool stack_arena::mark_slots/ s/$/\n  if (!slots.empty()) return true;/
