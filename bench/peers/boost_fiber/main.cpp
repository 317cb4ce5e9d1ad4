// Workloads for Boost.Fiber. Usage: bench WORKLOAD SCHEDULERS   (1: round robin on this thread; more: shared_work on so
// many threads) Prints one line per metric: boost_fiber WORKLOAD_sN METRIC VALUE UNIT. With QUICK=1 in the environment,
// a tenth is done. Fibers start with launch::dispatch, which runs the new one at once: its best figure here.
#include <boost/fiber/all.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fibers = boost::fibers;
using number = std::uint64_t;
using channel = fibers::buffered_channel<number>;

constexpr std::size_t stack_bytes = 16 << 10;
int schedulers = 1;

number full(number count) {
  const char* quick = std::getenv("QUICK");
  return quick != nullptr && *quick != 0 ? count / 10 : count;
}

struct stopwatch {
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  double ns() const {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
  }
};

void report(const std::string& workload, const char* metric, double value, const char* unit) {
  std::printf("boost_fiber %s_s%d %s %.6g %s\n", workload.c_str(), schedulers, metric, value, unit);
}

// The pool of stacks is not for several threads.
template <class Function>
void spawn(Function function) {
  if (schedulers == 1) {
    static fibers::pooled_fixedsize_stack pool(stack_bytes);
    fibers::fiber(fibers::launch::dispatch, std::allocator_arg, pool, std::move(function)).detach();
  } else {
    fibers::fiber(fibers::launch::dispatch, std::allocator_arg, fibers::fixedsize_stack(stack_bytes),
                  std::move(function))
        .detach();
  }
}

class wait_group {
 public:
  explicit wait_group(number count) : left_(count) {}
  void done() {
    if (left_.fetch_sub(1) == 1) zero_.set_value();
  }
  void wait() { zero_.get_future().wait(); }

 private:
  std::atomic<number> left_;
  fibers::promise<void> zero_;
};

number take(channel& from) {
  number value = 0;
  from.pop(value);
  return value;
}

void spawn_exit(const std::string& name) {
  const number count = full(1'000'000);
  wait_group group(count);
  const stopwatch time;
  for (number i = 0; i < count; ++i) spawn([&group] { group.done(); });
  group.wait();
  report(name, "ns_per_op", time.ns() / static_cast<double>(count), "ns");
}

void spawn_join_one(const std::string& name) {
  const number count = full(1'000'000);
  channel done(2);
  const stopwatch time;
  for (number i = 0; i < count; ++i) {
    spawn([&done] { done.push(1); });
    take(done);
  }
  report(name, "ns_per_op", time.ns() / static_cast<double>(count), "ns");
}

void pingpong(const std::string& name) {
  const number count = full(5'000'000);
  channel there(2), back(2);
  wait_group group(2);
  const stopwatch time;
  spawn([&] {
    for (number i = 0; i < count; ++i) back.push(take(there));
    group.done();
  });
  spawn([&] {
    for (number i = 0; i < count; ++i) {
      there.push(i);
      take(back);
    }
    group.done();
  });
  group.wait();
  report(name, "ns_per_message", time.ns() / (2 * static_cast<double>(count)), "ns");
}

void yield(const std::string& name) {
  const number count = full(5'000'000);
  wait_group group(2);
  const stopwatch time;
  for (int i = 0; i < 2; ++i) {
    spawn([&] {
      for (number n = 0; n < count; ++n) boost::this_fiber::yield();
      group.done();
    });
  }
  group.wait();
  report(name, "ns_per_switch", time.ns() / (2 * static_cast<double>(count)), "ns");
}

void ring(const std::string& name, number members, number hops) {
  std::vector<std::unique_ptr<channel>> boxes;
  for (number i = 0; i < members; ++i) boxes.push_back(std::make_unique<channel>(2));
  wait_group done(1), left(members);
  for (number i = 0; i < members; ++i) {
    spawn([&, i] {
      channel& next = *boxes[(i + 1) % members];
      for (number held = 0; boxes[i]->pop(held) == fibers::channel_op_status::success;) {
        if (held == 0) {
          done.done();
        } else {
          next.push(held - 1);
        }
      }
      left.done();
    });
  }
  const stopwatch time;
  boxes[0]->push(hops);
  done.wait();
  report(name, "ns_per_hop", time.ns() / static_cast<double>(hops), "ns");
  for (const auto& box : boxes) box->close();
  left.wait();
}

void fanin(const std::string& name) {
  const number producers = 8, each = full(1'000'000);
  channel box(1024);
  wait_group left(producers);
  const stopwatch time;
  for (number p = 0; p < producers; ++p) {
    spawn([&] {
      for (number i = 0; i < each; ++i) box.push(i);
      left.done();
    });
  }
  number sum = 0;
  for (number i = 0; i < producers * each; ++i) sum += take(box);
  const double seconds = time.ns() / 1e9;
  if (sum != producers * (each * (each - 1) / 2)) std::abort();
  report(name + "_bounded1024", "messages_per_s", static_cast<double>(producers * each) / seconds, "1/s");
  left.wait();
}

// A parent owns its children's channel until each of them has let go of it.
void node(channel& up, number first, number leaves) {
  if (leaves == 1) {
    up.push(first);
    return;
  }
  const auto down = std::make_shared<channel>(16);
  for (number i = 0; i < 10; ++i) {
    spawn([down, first, leaves, i] { node(*down, first + i * (leaves / 10), leaves / 10); });
  }
  number sum = 0;
  for (int i = 0; i < 10; ++i) sum += take(*down);
  up.push(sum);
}

void skynet(const std::string& name) {
  const number leaves = full(1'000'000);
  channel up(2);
  const stopwatch time;
  spawn([&] { node(up, 0, leaves); });
  const number sum = take(up);
  const double ms = time.ns() / 1e6;
  if (sum != leaves * (leaves - 1) / 2) std::abort();
  report(name, "total", ms, "ms");
}

// The message of `big`: 0 to 119 a ping from that member, then a pong, then the end.
constexpr number members = 120, pong = members, leave = members + 1;

void talk(std::vector<std::unique_ptr<channel>>& boxes, number self, number pings, wait_group& sent_all) {
  number random = self + 1, sent = 0;
  const auto ping_somebody = [&] {
    random = random * 16807 % 2147483647;
    const number to = random % (members - 1);
    boxes[to < self ? to : to + 1]->push(self);
    ++sent;
  };
  ping_somebody();
  for (number got = take(*boxes[self]); got != leave; got = take(*boxes[self])) {
    if (got != pong) {
      boxes[got]->push(pong);
    } else if (sent < pings) {
      ping_somebody();
    } else {
      sent_all.done();
    }
  }
}

void big(const std::string& name) {
  const number pings = full(20'000);
  std::vector<std::unique_ptr<channel>> boxes;
  for (number i = 0; i < members; ++i) boxes.push_back(std::make_unique<channel>(256));
  wait_group sent_all(members), left(members);
  const stopwatch time;
  for (number i = 0; i < members; ++i) {
    spawn([&, i] {
      talk(boxes, i, pings, sent_all);
      left.done();
    });
  }
  sent_all.wait();
  for (const auto& box : boxes) box->push(leave);
  left.wait();
  report(name, "messages_per_s", 2e9 * static_cast<double>(members * pings) / time.ns(), "1/s");
}

// The other threads run fibers until the workload is over.
void run_on_threads(const std::function<void()>& workload) {
  fibers::mutex mutex;
  fibers::condition_variable over;
  bool ended = false;
  const auto help = [&] {
    fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
    std::unique_lock lock(mutex);
    over.wait(lock, [&] { return ended; });
  };
  std::vector<std::thread> helpers;
  for (int i = 1; i < schedulers; ++i) helpers.emplace_back(help);
  if (schedulers > 1) fibers::use_scheduling_algorithm<fibers::algo::shared_work>(true);
  workload();
  {
    const std::lock_guard lock(mutex);
    ended = true;
  }
  over.notify_all();
  for (std::thread& helper : helpers) helper.join();
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<void(const std::string&)>> workloads{
      {"spawn_exit", spawn_exit},
      {"spawn_join_one", spawn_join_one},
      {"pingpong_same", pingpong},
      {"pingpong_cross", pingpong},
      {"yield", yield},
      {"ring_503", [](const std::string& name) { ring(name, 503, full(5'000'000)); }},
      {"ring_100k", [](const std::string& name) { ring(name, 100'000, full(2'000'000)); }},
      {"fanin", fanin},
      {"skynet", skynet},
      {"big", big},
  };
  const std::string name = argc > 1 ? argv[1] : "";
  if (argc > 2) schedulers = std::atoi(argv[2]);
  if (workloads.count(name) == 0 || schedulers < 1) {
    std::fprintf(stderr, "unknown workload '%s'\n", name.c_str());
    return 2;
  }
  run_on_threads([&] { workloads.at(name)(name); });
  std::fflush(stdout);
  std::_Exit(0);  // some fibers still wait, and nobody will wake them
}
