// Eight processes send to one as fast as they can: into its default mailbox, or into one of 1024 messages which parks them.
#include "bench/harness.hpp"

#include <stdexcept>

namespace bench {

namespace {

constexpr std::uint64_t producers = 8;

struct item {
  std::uint64_t from, value;
  besides<16> text{};
};

void produce(mote::pid consumer, std::uint64_t number, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) mote::send(consumer, item{number, i});
}

// Returns how long it took, in seconds.
double consume(std::uint64_t each) {
  const stopwatch time;
  for (std::uint64_t i = 0; i < producers; ++i) mote::spawn_link(produce, mote::self(), i, each);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < producers * each; ++i) sum += mote::receive<item>().value;
  const double seconds = time.seconds();
  if (sum != producers * (each * (each - 1) / 2)) throw std::runtime_error("fanin: messages were lost or doubled");
  return seconds;
}

void report(const trial& now, double seconds) {
  const std::uint64_t each = now.count() / producers;
  now.report("messages_per_s", static_cast<double>(producers * each) / seconds, "1/s");
}

void run(const trial& now) { report(now, consume(now.count() / producers)); }

void run_bounded(const trial& now) {
  const auto consumer = [](mote::pid parent, std::uint64_t each) { mote::send(parent, consume(each)); };
  mote::spawn_link({.mailbox = {.messages = 1024, .policy = mote::when_full::park_sender}}, consumer, mote::self(),
                   now.count() / producers);
  report(now, mote::receive<double>());
}

}  // namespace

extern const workload fanin{"fanin", "messages from eight processes to one", 8'000'000, run};
extern const workload fanin_bounded1024{"fanin_bounded1024", "the same, into a mailbox of 1024 messages", 8'000'000, run_bounded};

}  // namespace bench
