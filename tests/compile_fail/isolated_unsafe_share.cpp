// expect-error: type<[^/]*unsafe_share<int>.*this cannot cross to another OS process|this cannot cross to another OS process.*type<[^/]*unsafe_share<int>
// What is shared on purpose is shared in one OS process only.
#include <mote/isolated.hpp>
#include <mote/unsafe_share.hpp>

void count(mote::unsafe_share<int>) {}

mote::pid begin(mote::unsafe_share<int> total) {
#ifdef MOTE_CONTROL
  return mote::spawn(count, total);
#else
  return mote::spawn(mote::isolated, count, total);
#endif
}
