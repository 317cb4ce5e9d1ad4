// expect-error: field<order, 1, [^/]*text[^/]*mutex.*atomics, mutexes and the like|atomics, mutexes and the like.*field<order, 1, [^/]*text[^/]*mutex
// A mutex is for shared memory.
#include <mote/send.hpp>

#include <mutex>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  std::mutex text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
