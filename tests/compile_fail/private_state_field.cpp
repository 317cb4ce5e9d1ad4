// expect-error: field<order, 1, [^/]*text[^/]*money.*specialise mote::message_traits for it|specialise mote::message_traits for it.*field<order, 1, [^/]*text[^/]*money
// A class with private state opts in by its trait, or stays out.
#include <mote/send.hpp>

#include <utility>

class money {
 public:
  explicit money(long cents) : cents_(cents) {}
  long cents() const { return cents_; }

 private:
  long cents_;
};
#ifdef MOTE_CONTROL
template <>
struct mote::message_traits<money> {
  static constexpr bool owns_all = true;
};
#endif

struct order {
  int id;
#ifdef MOTE_CONTROL
  money text;
#else
  money text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
