// Workloads for CAF 0.17, the C++ Actor Framework (event-based actors).
// Usage: bench WORKLOAD SCHEDULERS
// Prints one line per metric: caf WORKLOAD_sN METRIC VALUE UNIT. With QUICK=1 in the environment, a tenth is done.
#include <caf/all.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using number = std::uint64_t;
using finished = caf::atom_constant<caf::atom("finished")>;
using next_is = caf::atom_constant<caf::atom("next_is")>;
using go_on = caf::atom_constant<caf::atom("go_on")>;
using ping = caf::atom_constant<caf::atom("ping")>;
using pong = caf::atom_constant<caf::atom("pong")>;
using leave = caf::atom_constant<caf::atom("leave")>;
using behaving = caf::event_based_actor;

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
  std::printf("caf %s_s%d %s %.6g %s\n", workload.c_str(), schedulers, metric, value, unit);
}

using countdown = std::shared_ptr<std::atomic<number>>;

void count_out(behaving* self, const countdown& left, const caf::actor& waiter) {
  if (left->fetch_sub(1) == 1) self->send(waiter, finished::value);
}

void wait_for_end(caf::scoped_actor& self) {
  self->receive([](finished) {});
}

void spawn_exit(caf::actor_system& system, const std::string& name) {
  const number count = full(1'000'000);
  caf::scoped_actor self(system);
  const auto left = std::make_shared<std::atomic<number>>(count);
  const caf::actor waiter = self;
  const stopwatch time;
  for (number i = 0; i < count; ++i) system.spawn(count_out, left, waiter);
  wait_for_end(self);
  report(name, "ns_per_op", time.ns() / static_cast<double>(count), "ns");
}

// By an actor, one child at a time.
caf::behavior spawner(behaving* self, number left, const caf::actor& waiter) {
  const auto spawn_one = [self] {
    self->spawn([](behaving* child, const caf::actor& parent) { child->send(parent, go_on::value); },
                caf::actor_cast<caf::actor>(self));
  };
  spawn_one();
  return {[=](go_on) mutable {
    if (--left != 0) return spawn_one();
    self->send(waiter, finished::value);
    self->quit();
  }};
}

void spawn_join_one(caf::actor_system& system, const std::string& name) {
  const number count = full(1'000'000);
  caf::scoped_actor self(system);
  const stopwatch time;
  system.spawn(spawner, count, caf::actor(self));
  wait_for_end(self);
  report(name, "ns_per_op", time.ns() / static_cast<double>(count), "ns");
}

caf::behavior answerer(behaving* self) {
  return {[=](const caf::actor& from, number n) { self->send(from, n); }, [=](leave) { self->quit(); }};
}

caf::behavior asker(behaving* self, const caf::actor& other, number left, const caf::actor& waiter) {
  self->send(other, caf::actor_cast<caf::actor>(self), left);
  return {[=](number) mutable {
    if (--left != 0) return self->send(other, caf::actor_cast<caf::actor>(self), left);
    self->send(other, leave::value);
    self->send(waiter, finished::value);
    self->quit();
  }};
}

void pingpong(caf::actor_system& system, const std::string& name) {
  const number count = full(5'000'000);
  caf::scoped_actor self(system);
  const stopwatch time;
  system.spawn(asker, system.spawn(answerer), count, caf::actor(self));
  wait_for_end(self);
  report(name, "ns_per_message", time.ns() / (2 * static_cast<double>(count)), "ns");
}

caf::behavior member(behaving* self, const caf::actor& waiter) {
  const auto next = std::make_shared<caf::actor>();
  return {[=](next_is, const caf::actor& one) { *next = one; },
          [=](number held) {
            if (held != 0) return self->send(*next, held - 1);
            self->send(waiter, finished::value);
          },
          [=](leave) { self->quit(); }};
}

void ring(caf::actor_system& system, const std::string& name, number members, number hops) {
  caf::scoped_actor self(system);
  std::vector<caf::actor> all;
  for (number i = 0; i < members; ++i) all.push_back(system.spawn(member, caf::actor(self)));
  for (number i = 0; i < members; ++i) self->send(all[i], next_is::value, all[(i + 1) % members]);
  const stopwatch time;
  self->send(all[0], hops);
  wait_for_end(self);
  report(name, "ns_per_hop", time.ns() / static_cast<double>(hops), "ns");
  for (const caf::actor& one : all) self->send(one, leave::value);
}

caf::behavior collector(behaving* self, number expected, number sum, const caf::actor& waiter) {
  return {[=](number, number value) mutable {
    sum -= value;
    if (--expected != 0) return;
    if (sum != 0) std::abort();
    self->send(waiter, finished::value);
    self->quit();
  }};
}

// 1000 messages a turn: an event-based actor cannot wait in the middle of a loop.
caf::behavior producer(behaving* self, const caf::actor& consumer, number from, number count) {
  number sent = 0;
  self->send(self, go_on::value);
  return {[=](go_on) mutable {
    for (number end = std::min(sent + 1000, count); sent < end; ++sent) self->send(consumer, from, sent);
    if (sent < count) return self->send(self, go_on::value);
    self->quit();
  }};
}

void fanin(caf::actor_system& system, const std::string& name) {
  const number producers = 8, each = full(1'000'000), sum = producers * (each * (each - 1) / 2);
  caf::scoped_actor self(system);
  const stopwatch time;
  const caf::actor consumer = system.spawn(collector, producers * each, sum, caf::actor(self));
  for (number p = 0; p < producers; ++p) system.spawn(producer, consumer, p, each);
  wait_for_end(self);
  report(name, "messages_per_s", static_cast<double>(producers * each) / (time.ns() / 1e9), "1/s");
}

caf::behavior node(behaving* self, const caf::actor& up, number first, number leaves) {
  if (leaves == 1) {
    self->send(up, first);
    return {};
  }
  for (number i = 0; i < 10; ++i) {
    self->spawn(node, caf::actor_cast<caf::actor>(self), first + i * (leaves / 10), leaves / 10);
  }
  int left = 10;
  number sum = 0;
  return {[=](number part) mutable {
    sum += part;
    if (--left != 0) return;
    self->send(up, sum);
    self->quit();
  }};
}

void skynet(caf::actor_system& system, const std::string& name) {
  const number leaves = full(1'000'000);
  caf::scoped_actor self(system);
  const stopwatch time;
  system.spawn(node, caf::actor(self), number{0}, leaves);
  number sum = 0;
  self->receive([&](number got) { sum = got; });
  const double ms = time.ns() / 1e6;
  if (sum != leaves * (leaves - 1) / 2) std::abort();
  report(name, "total", ms, "ms");
}

constexpr number members = 120;

struct talk_state {
  std::vector<caf::actor> all;
  number random = 0, sent = 0;
};

caf::behavior talker(caf::stateful_actor<talk_state>* self, number index, number pings, const caf::actor& waiter,
                     const countdown& sent_all, const countdown& left) {
  self->state.random = index + 1;
  const auto ping_somebody = [=] {
    talk_state& state = self->state;
    state.random = state.random * 16807 % 2147483647;
    const number to = state.random % (members - 1);
    ++state.sent;
    self->send(state.all[to < index ? to : to + 1], ping::value, caf::actor_cast<caf::actor>(self));
  };
  return {[=](const std::vector<caf::actor>& all) {
            self->state.all = all;
            ping_somebody();
          },
          [=](ping, const caf::actor& from) { self->send(from, pong::value); },
          [=](pong) {
            if (self->state.sent < pings) return ping_somebody();
            count_out(self, sent_all, waiter);
          },
          [=](leave) {
            self->state.all.clear();
            count_out(self, left, waiter);
            self->quit();
          }};
}

void big(caf::actor_system& system, const std::string& name) {
  const number pings = full(20'000);
  caf::scoped_actor self(system);
  const auto sent_all = std::make_shared<std::atomic<number>>(members);
  const auto left = std::make_shared<std::atomic<number>>(members);
  const stopwatch time;
  std::vector<caf::actor> all;
  for (number i = 0; i < members; ++i) {
    all.push_back(system.spawn(talker, i, pings, caf::actor(self), sent_all, left));
  }
  for (const caf::actor& one : all) self->send(one, all);
  wait_for_end(self);
  for (const caf::actor& one : all) self->send(one, leave::value);
  wait_for_end(self);
  report(name, "messages_per_s", 2e9 * static_cast<double>(members * pings) / time.ns(), "1/s");
}

}  // namespace

int main(int argc, char** argv) {
  using workload = std::function<void(caf::actor_system&, const std::string&)>;
  const std::map<std::string, workload> workloads{
      {"spawn_exit", spawn_exit},
      {"spawn_join_one", spawn_join_one},
      {"pingpong_same", pingpong},
      {"pingpong_cross", pingpong},
      {"ring_503", [](auto& system, const auto& name) { ring(system, name, 503, full(5'000'000)); }},
      {"ring_100k", [](auto& system, const auto& name) { ring(system, name, 100'000, full(2'000'000)); }},
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
  caf::actor_system_config config;
  config.set("scheduler.max-threads", static_cast<std::size_t>(schedulers));
  caf::actor_system system(config);
  workloads.at(name)(system, name);
  std::fflush(stdout);
  std::_Exit(0);
}
