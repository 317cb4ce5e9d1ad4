// expect-error: field<order, 1, [^/]*text[^/]*polymorphic_allocator.*another allocator than std::allocator|another allocator than std::allocator.*field<order, 1, [^/]*text[^/]*polymorphic_allocator
// A container with a memory resource shares it.
#include <mote/send.hpp>

#include <memory_resource>
#include <vector>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::vector<int> text;
#else
  std::pmr::vector<int> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
