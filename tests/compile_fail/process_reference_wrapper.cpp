// expect-error: type<[^/]*reference_wrapper.*a reference shares memory|a reference shares memory.*type<[^/]*reference_wrapper
// std::ref brings the spawner's variable, as it does for std::thread.
#include <mote/process.hpp>
#include <mote/send.hpp>

#include <functional>

void start() {
#ifdef MOTE_CONTROL
  int total = 0;
  mote::spawn([](int sum) { ++sum; }, total);
#else
  int total = 0;
  mote::spawn([](std::reference_wrapper<int> sum) { ++sum.get(); }, std::ref(total));
#endif
}
