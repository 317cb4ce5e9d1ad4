// expect-error: type<int ?\*.*a pointer shares memory|a pointer shares memory.*type<int ?\*
// What is no message cannot cross either, and the error says the first of the two.
#include <mote/isolated.hpp>

mote::pid begin(int number) {
#ifdef MOTE_CONTROL
  return mote::spawn(mote::isolated, [](int given) { static_cast<void>(given); }, number);
#else
  return mote::spawn(mote::isolated, [](int* given) { ++*given; }, &number);
#endif
}
