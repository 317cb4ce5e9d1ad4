#include "bench/servers.hpp"

namespace bench {

std::vector<std::string> server_command(const trial& now, std::string_view what) {
  if (!now.peer().command.empty()) return {"/bin/sh", "-c", now.peer().command};
  return {"/proc/self/exe", "--schedulers", std::to_string(now.schedulers()), "--serve", std::string(what)};
}

int serve(std::string_view what, unsigned schedulers) {
  mote::options options;
  options.schedulers = schedulers;
  return mote::run([what] { what == "echo" ? serve_echo() : serve_wakeup(); }, options);
}

}  // namespace bench
