// expect-error: field<order, 1, [^/]*price[^/]*money.*this cannot cross to another OS process|this cannot cross to another OS process.*field<order, 1, [^/]*price[^/]*money
// A class that was vouched for stays in its runtime until its trait says how it crosses.
#include <mote/isolated.hpp>

#include <utility>

class money {
 public:
  explicit money(long cents) : cents_(cents) {}
  long cents() const { return cents_; }

 private:
  long cents_;
};
template <>
struct mote::message_traits<money> {
  static constexpr bool owns_all = true;
#ifdef MOTE_CONTROL
  static void encode(const money& value, mote::encoder& out) { out.put(value.cents()); }
  static money decode(mote::decoder& in) { return money(in.get<long>()); }
#endif
};

struct order {
  int id;
  money price;
};

void bill(order) {}

mote::pid begin(order what) { return mote::spawn_link(mote::isolated, bill, std::move(what)); }
