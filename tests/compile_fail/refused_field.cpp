// expect-error: field<order, 1, [^/]*text[^/]*table_index.*says that this type must not be sent|says that this type must not be sent.*field<order, 1, [^/]*text[^/]*table_index
// The trait can also keep an aggregate from being sent.
#include <mote/send.hpp>

#include <utility>

struct table_index {
  int value;
};
#ifndef MOTE_CONTROL
template <>
struct mote::message_traits<table_index> {
  static constexpr bool owns_all = false;
};
#endif

struct order {
  int id;
#ifdef MOTE_CONTROL
  table_index text;
#else
  table_index text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
