// A counter that crashes on a number it cannot add, and is there again: a server under a supervisor.
#include "command_line.hpp"

#include <mote/mote.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct add {
  int amount;
};
struct total {};

/// Counts to 99: a display of two digits.
struct counter {
  int sum;
  explicit counter(int first) : sum(first) {}

  int handle_call(add more) {
    if (sum + more.amount > 99) throw std::overflow_error("counter: " + std::to_string(sum + more.amount));
    return sum += more.amount;
  }
  int handle_call(total) const { return sum; }
};

// The counter there is now. One that has just died may be listed still: `before` is not wanted any more.
mote::server<counter> counter_of(const mote::supervisor& top, mote::pid before) {
  for (;;) {
    const mote::pid now = mote::which_children(top).at(0).process;
    if (now && now != before) return mote::server<counter>(now);
    mote::yield();
  }
}

void run(const std::vector<int>& amounts, int first) {
  const mote::supervisor top = mote::start_supervisor({.intensity = 3, .period = std::chrono::seconds(5)},
                                                      {mote::child<counter>("counter", first)});
  mote::server<counter> now = counter_of(top, {});
  for (const int amount : amounts) {
    try {
      const int sum = mote::call(now, add{amount});
      std::printf("add %d: %d\n", amount, sum);
    } catch (const mote::no_reply& failed) {
      std::printf("add %d: no answer, %s\n", amount, std::string(failed.why().text()).c_str());
      now = counter_of(top, now);
    }
  }
  std::printf("total: %d\n", mote::call(now, total{}));
  mote::stop(top, mote::reason::shutdown);
}

}  // namespace

int main(int argc, char** argv) {
  command_line line("Adds numbers to a counter that crashes above 99; its supervisor starts it again");
  std::vector<int> amounts{40, 50, 60, 7};
  int first = 0;
  unsigned schedulers = 0;
  line.add("amounts", amounts, "What to add, one after the other");
  line.add("--first", first, "Where each counter begins").between(0, 99);
  line.add_schedulers(schedulers);
  if (const auto code = line.parse(argc, argv)) return *code;
  return mote::run([&] { run(amounts, first); }, {.schedulers = schedulers});
}
