// The same with the operating system's means: a thread for a process, a mutex and a condition variable for a mailbox.
// `--schedulers` is the number of cores that the threads may use.
#include "bench/harness.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace bench {

namespace {

// A mailbox for one message.
class slot {
 public:
  void put(std::uint64_t message) {
    {
      const std::lock_guard lock(mutex_);
      message_ = message;
    }
    filled_.notify_one();
  }
  std::uint64_t take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return message_.has_value(); });
    const std::uint64_t message = *message_;
    message_.reset();
    return message;
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::optional<std::uint64_t> message_;
};

void spawn_and_join(const trial& now) {
  confine_to_cores(now.schedulers());
  const stopwatch time;
  for (std::uint64_t i = 0; i < now.count(); ++i) std::thread([] {}).join();
  now.report("ns_per_op", time.nanoseconds() / static_cast<double>(now.count()), "ns");
}

void pingpong(const trial& now) {
  confine_to_cores(now.schedulers());
  slot there, back;
  const stopwatch time;
  std::thread other([&] {
    for (std::uint64_t i = 0; i < now.count(); ++i) back.put(there.take());
  });
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    there.put(i);
    back.take();
  }
  other.join();
  now.report("ns_per_message", time.nanoseconds() / (2 * static_cast<double>(now.count())), "ns");
}

void yield_turns(const trial& now) {
  confine_to_cores(now.schedulers());
  const auto give_way = [&] {
    for (std::uint64_t i = 0; i < now.count(); ++i) std::this_thread::yield();
  };
  const stopwatch time;
  std::thread other(give_way);
  give_way();
  other.join();
  now.report("ns_per_switch", time.nanoseconds() / (2 * static_cast<double>(now.count())), "ns");
}

}  // namespace

extern const workload thread_spawn_join{"thread_spawn_join", "OS threads started and joined, one at a time", 50'000,
                                        spawn_and_join, false};
extern const workload thread_pingpong{"thread_pingpong", "round trips between two OS threads", 200'000, pingpong,
                                      false};
extern const workload thread_yield{"thread_yield", "turns given up by each of two OS threads", 500'000, yield_turns,
                                   false};

}  // namespace bench
