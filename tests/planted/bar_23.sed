# runtime/stack/stack_arena.cpp
# each stack's guard is a mapping of its own
# bar 23
/^bool stack_arena::mark_slots/ s/$/\n  for (const bare_slot\& slot : slots) {\n    const address_range range = closed_range(size_class, slot.begin);\n    if (!forbid_access(range.begin, range.bytes)) return false;\n  }\n  return true;/
