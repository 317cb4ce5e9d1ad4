// Names and what does not answer: the C library's resolver is replaced, for some names, by one that waits until it is let go, or
// that finds an address where nobody ever answers before one where somebody does. On the machine's network.
#include "tests/in_process.hpp"

#include <mote/net.hpp>

#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <semaphore>
#include <string_view>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

/// Where those wait who ask for "slow.test".
class gate {
 public:
  void pass() {
    std::unique_lock hold(lock_);
    ++waiting_;
    changed_.wait(hold, [this] { return open_; });
    --waiting_;
    changed_.notify_all();
  }
  bool is_anyone_there() {
    const std::lock_guard hold(lock_);
    return waiting_ != 0;
  }
  void shut() {
    const std::lock_guard hold(lock_);
    open_ = false;
  }
  /// Lets everyone go, and waits until they have.
  void open() {
    std::unique_lock hold(lock_);
    open_ = true;
    changed_.notify_all();
    changed_.wait(hold, [this] { return waiting_ == 0; });
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = true;
};
gate slow;

const ip_address nobody = *ip_address::parse("127.0.0.2");
const ip_address somebody = ip_address::loopback_v4();

}  // namespace
}  // namespace mote::test

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* wanted, addrinfo** found) {
  static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view name = host != nullptr ? host : "";
  if (name == "slow.test") mote::test::slow.pass();
  if (name == "slow.test") return real("127.0.0.1", service, wanted, found);
  if (name != "nobody-first.test") return real(host, service, wanted, found);
  addrinfo* second = nullptr;
  if (const int refused = real("127.0.0.1", service, wanted, &second)) return refused;
  if (const int refused = real("127.0.0.2", service, wanted, found)) return refused;
  addrinfo* last = *found;
  while (last->ai_next != nullptr) last = last->ai_next;
  last->ai_next = second;
  return 0;
}

namespace mote::test {
namespace {

/// A listener whose queue is full, and what fills it: who connects further gets no answer, ever.
struct full_listener {
  tcp_listener listener;
  std::vector<tcp_stream> queue;
  endpoint at() const { return listener.local_endpoint(); }
};
full_listener fill(const endpoint& at) {
  full_listener made{tcp_listener::listen(at, {.backlog = 1}), {}};
  for (;;) {
    std::error_code error;
    tcp_stream one = tcp_stream::connect(made.at(), error, 50ms);
    if (error) {
      EXPECT_EQ(error, std::errc::timed_out);
      return made;
    }
    made.queue.push_back(std::move(one));
  }
}

TEST(connect, to_who_does_not_answer_ends_at_its_deadline_or_by_a_kill) {
  on_schedulers([] {
    const full_listener full = fill({nobody, 0});
    std::error_code error;
    EXPECT_FALSE(tcp_stream::connect(full.at(), error, 20ms).is_open());
    EXPECT_EQ(error, std::errc::timed_out);
    const monitored waits = spawn_monitor([](endpoint at) { tcp_stream::connect(at); }, full.at());
    until_waiting(waits.process);
    kill(waits.process);
    EXPECT_EQ(news_of(waits.monitor), reason::killed);
  });
}

// Simulated connections take their time, all of it drawn: none is there after a nanosecond.
TEST(connect, that_takes_longer_than_it_may_ends_at_its_deadline_in_simulation_too) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    in_mode({1, seed}, [] {
      tcp_listener listener = tcp_listener::listen({somebody, 0});
      std::error_code error;
      EXPECT_FALSE(tcp_stream::connect(listener.local_endpoint(), error, 1ns).is_open());
      EXPECT_EQ(error, std::errc::timed_out);
      const monitored waits = spawn_monitor([](endpoint at) { tcp_stream::connect(at); }, listener.local_endpoint());
      yield();
      kill(waits.process);
      EXPECT_EQ(news_of(waits.monitor), reason::killed);
      EXPECT_TRUE(tcp_stream::connect(listener.local_endpoint(), error, 1s).is_open());
    });
  }
}

TEST(connect, to_a_host_leaves_time_for_the_addresses_behind_one_that_does_not_answer) {
  on_schedulers([] {
    const full_listener full = fill({nobody, 0});
    const tcp_listener answers = tcp_listener::listen({somebody, full.at().port});
    tcp_stream made = tcp_stream::connect("nobody-first.test", full.at().port, 400ms);
    EXPECT_EQ(made.peer_endpoint().address, somebody);
  });
}

TEST(connect, to_a_host_of_which_no_address_answers_ends_at_its_deadline) {
  on_schedulers([] {
    const full_listener full = fill({nobody, 0}), other = fill({somebody, full.at().port});
    const auto begun = now();
    std::error_code error;
    EXPECT_FALSE(tcp_stream::connect("nobody-first.test", full.at().port, error, 60ms).is_open());
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_GE(now() - begun, 60ms);
  });
}

TEST(resolve, that_takes_long_ends_at_its_deadline_or_by_a_kill) {
  slow.shut();
  on_schedulers([] {
    std::error_code error;
    EXPECT_TRUE(resolve("slow.test", error, 20ms).empty());
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_FALSE(tcp_stream::connect("slow.test", 1, error, 20ms).is_open());
    EXPECT_EQ(error, std::errc::timed_out);
    const monitored waits = spawn_monitor([] { resolve("slow.test"); });
    until([] { return slow.is_anyone_there(); });
    until_waiting(waits.process);
    kill(waits.process);
    EXPECT_EQ(news_of(waits.monitor), reason::killed);
    slow.open();
    EXPECT_EQ(resolve("slow.test"), std::vector{somebody});
    slow.shut();
  });
  slow.open();
}

TEST(resolve, that_takes_long_does_not_keep_a_runtime_from_its_end) {
  slow.shut();
  {
    mote::runtime host(options{.schedulers = 1, .max_processes = 1024});
    host.spawn([] { resolve("slow.test"); });
    while (!slow.is_anyone_there()) std::this_thread::yield();
    EXPECT_TRUE(host.shutdown(0ms).empty());
    EXPECT_TRUE(slow.is_anyone_there());
  }
  slow.open();
}

}  // namespace
}  // namespace mote::test
