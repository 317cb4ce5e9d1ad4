// expect-error: field<order, 1, [^/]*text[^/]*thread.*threads, futures and promises|threads, futures and promises.*field<order, 1, [^/]*text[^/]*thread
// A thread is no value.
#include <mote/send.hpp>

#include <thread>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  std::thread text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
