// mote-bench: runs workloads and prints one line a figure. One workload, once, runs in this OS process; more, each in
// one of its own.
#include "bench/figure.hpp"
#include "bench/rerun.hpp"
#include "bench/servers.hpp"
#include "bench/workloads.hpp"
#include "command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

struct settings {
  std::vector<std::string> workloads;
  unsigned schedulers = 0, repeat = 1;
  std::uint64_t count = 0;
  bool json = false, quick = false, list = false;
  std::string serve;
  bench::peer_system peer;
};

void list_workloads() {
  for (const bench::workload* one : bench::workloads()) {
    std::printf("%-20s %9llu %s\n", std::string(one->name).c_str(), static_cast<unsigned long long>(one->count),
                std::string(one->about).c_str());
  }
}

// What this program is told when it runs one workload for us.
std::vector<std::string> arguments_for(const std::string& workload, const settings& given) {
  std::vector<std::string> arguments{"--schedulers", std::to_string(given.schedulers), "--count",
                                     std::to_string(given.count)};
  if (given.quick) arguments.emplace_back("--quick");
  if (!given.peer.command.empty()) {
    arguments.insert(arguments.end(), {"--peer", given.peer.name, "--peer-server", given.peer.command});
  }
  arguments.push_back(workload);
  return arguments;
}

int run_one_here(const settings& given, const std::function<void(const bench::figure&)>& sink) {
  const bench::workload* chosen = bench::find_workload(given.workloads.front());
  return bench::run_here(*chosen, given.schedulers, given.count, given.quick, sink, given.peer);
}

// Goes on after a failure: the other figures are wanted all the same.
int run_each_apart(const settings& given, const std::function<void(const bench::figure&)>& sink) {
  int worst = 0;
  for (const std::string& workload : given.workloads) {
    for (unsigned i = 0; i < given.repeat; ++i) {
      const int code = bench::rerun(arguments_for(workload, given), [&](std::string_view line) {
        if (const auto figure = bench::from_line(line)) sink(*figure);
      });
      if (code != 0) std::fprintf(stderr, "mote-bench: %s failed (%d)\n", workload.c_str(), code);
      worst = std::max(worst, code);
    }
  }
  return worst;
}

int run(const settings& given) {
  std::vector<bench::figure> figures;
  const auto sink = [&](const bench::figure& one) {
    if (given.json) {
      figures.push_back(one);
    } else {
      std::printf("%s\n", bench::to_line(one).c_str());
      std::fflush(stdout);
    }
  };
  const bool alone = given.workloads.size() == 1 && given.repeat == 1;
  const int code = alone ? run_one_here(given, sink) : run_each_apart(given, sink);
  if (given.json) std::printf("%s\n", bench::to_json(figures).c_str());
  return code;
}

bool all_known(const settings& given) {
  for (const std::string& name : given.workloads) {
    if (bench::find_workload(name) != nullptr) continue;
    std::fprintf(stderr, "mote-bench: no workload '%s'; see --list\n", name.c_str());
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  command_line line("Runs workloads on mote and prints a line for each figure: mote WORKLOAD_sSCHEDULERS METRIC VALUE UNIT");
  settings given;
  line.add("workloads", given.workloads, "Which to run; all of them when none is named");
  line.add_schedulers(given.schedulers);
  line.add("--repeat", given.repeat, "How often to run each").between(1, 1000);
  line.add("--count", given.count, "How many operations, of what --list says; 0: the workload's own figure");
  line.add_flag("--json", given.json, "Print JSON, at the end");
  line.add_flag("--quick", given.quick, "A tenth of the operations");
  line.add("--peer-server", given.peer.command,
           "echo_... and wakeup_latency measure the program that this shell command starts: an echo server that prints "
           "its port, or a reader of moments on standard input");
  line.add("--peer", given.peer.name, "The name that its figures bear");
  line.add("--serve", given.serve, "Becomes the program that is measured").one_of({"echo", "wakeup"});
  line.add_flag("--list", given.list, "Say which workloads there are, their counts and what they count");
  if (const auto code = line.parse(argc, argv)) return *code;
  if (!all_known(given)) return 2;
  if (given.list) {
    list_workloads();
    return 0;
  }
  if (!given.serve.empty()) return bench::serve(given.serve, given.schedulers);
  if (given.workloads.empty()) {
    for (const bench::workload* one : bench::workloads()) given.workloads.emplace_back(one->name);
  }
  try {
    return run(given);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mote-bench: %s\n", error.what());
    return 1;
  }
}
