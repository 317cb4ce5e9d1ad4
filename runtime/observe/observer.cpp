#include "runtime/observe/observer.hpp"

#include "runtime/observe/crash.hpp"
#include "runtime/observe/quit.hpp"
#include "runtime/observe/runtime_list.hpp"

#include <csignal>

namespace mote::detail {

runtime_list observed_runtimes;

observer::observer(runtime& home) : home_(home), halting_(home.settings.backtraces.value_or(true) ? SIGURG : 0) {
  if (home.settings.dump_on_quit) watch_for_quit();
  if (!home.settings.crash_dump.empty()) watch_for_crash(home.settings.crash_dump);
  observed_runtimes.add(home);
}

observer::~observer() {
  observed_runtimes.remove(home_);
  if (!home_.settings.crash_dump.empty()) forget_crash();
  if (home_.settings.dump_on_quit) forget_quit();
}

}  // namespace mote::detail
