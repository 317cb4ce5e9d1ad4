// Eight processes send to one as fast as they can, into its default mailbox.
#include "bench/harness.hpp"

#include <stdexcept>

namespace bench {

namespace {

constexpr std::uint64_t producers = 8;

struct item {
  std::uint64_t from, value;
};

void produce(mote::pid consumer, std::uint64_t number, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) mote::send(consumer, item{number, i});
}

void run(const trial& now) {
  const std::uint64_t each = now.count() / producers;
  const stopwatch time;
  for (std::uint64_t i = 0; i < producers; ++i) mote::spawn_link(produce, mote::self(), i, each);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < producers * each; ++i) sum += mote::receive<item>().value;
  const double seconds = time.seconds();
  if (sum != producers * (each * (each - 1) / 2)) throw std::runtime_error("fanin: messages were lost or doubled");
  now.report("messages_per_s", static_cast<double>(producers * each) / seconds, "1/s");
}

}  // namespace

extern const workload fanin{"fanin", "messages from eight processes to one", 8'000'000, run};

}  // namespace bench
