// expect-error: field<order, 1, [^/]*text[^/]*atomic<int>.*atomics, mutexes and the like|atomics, mutexes and the like.*field<order, 1, [^/]*text[^/]*atomic<int>
// An atomic is for shared memory.
#include <mote/send.hpp>

#include <atomic>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  std::atomic<int> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
