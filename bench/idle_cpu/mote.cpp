// What a runtime full of waiting processes takes of the CPU.
#include "bench/harness.hpp"

namespace bench {

namespace {

struct leave {};

void run(const trial& now) {
  using namespace std::chrono_literals;
  for (std::uint64_t i = 0; i < now.count(); ++i) mote::spawn_link([] { mote::receive<leave>(); });
  mote::sleep_for(500ms);
  const int parts = now.quick() ? 5 : 1;  // of five seconds
  const double before = cpu_ms();
  mote::sleep_for(5s / parts);
  now.report("cpu_in_5s", parts * (cpu_ms() - before), "ms");
}

}  // namespace

extern const workload idle_cpu{"idle_cpu", "processes that wait", 10'000, run};

}  // namespace bench
