// expect-error: constraints not satisfied|constraint[^/]*not satisfied|no matching function
// So can it ask for what a process can run.
#include <mote/message.hpp>

template <class Function>
  requires mote::process_function<Function>
void later(Function) {}

void run() {
  int total = 0;
#ifdef MOTE_CONTROL
  later([] {});
#else
  later([&total] { ++total; });
#endif
  static_cast<void>(total);
}
