// Simulation: the same seed gives the same run, with any number of simulated schedulers; what fails is told; what is rare is found.
#include "tests/sanitizers.hpp"

#include <gtest/gtest.h>
#include <mote/isolated.hpp>
#include <mote/mote.hpp>
#include <mote/net.hpp>
#include <mote/sim.hpp>

#include <unistd.h>

#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

sim::options quiet(sim::options given = {}) {
  given.prints = false;
  return given;
}

sim::options on(unsigned schedulers, sim::strategy how = sim::uniform) {
  return quiet({.schedulers = schedulers, .how = how});
}

struct number {
  int value;
};

// Six workers tell a collector what they count; some sleep, some fail half way.
void worker(pid collector, int who) {
  for (int count = 0; count < 10; ++count) {
    send(collector, number{who * 100 + count});
    if (count % 3 == 0) yield();
    if (count % 4 == 1) sleep_for(std::chrono::microseconds(who));
    if (count == 7 && who % 2 == 0) exit(reason::error("half way"));
  }
}

void workload() {
  for (int who = 0; who < 6; ++who) spawn_monitor(worker, self(), who);
  for (int ended = 0; ended < 6;) receive([](number) {}, [&](const down&) { ++ended; });
}

const sim::strategy ways[] = {sim::uniform, sim::pct(3, 200), sim::round_robin, sim::exhaustive(2)};

TEST(simulation, of_one_seed_is_one_run_whatever_the_schedulers_and_the_strategy) {
  for (const unsigned schedulers : {1u, 2u, 4u}) {
    for (const sim::strategy& how : ways) {
      for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const sim::result first = sim::run(seed, workload, on(schedulers, how));
        const sim::result second = sim::run(seed, workload, on(schedulers, how));
        EXPECT_TRUE(first) << first;
        EXPECT_GT(first.steps, 60u);
        EXPECT_EQ(first.trace_hash, second.trace_hash) << seed << ", " << schedulers << " schedulers";
        EXPECT_EQ(first.steps, second.steps);
      }
    }
  }
}

TEST(simulation, of_other_seeds_is_another_run) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) hashes.insert(sim::run(seed, workload, on(2)).trace_hash);
  EXPECT_EQ(hashes.size(), 30u);
}

// The hash was taken in another build type, in another OS process.
TEST(simulation, is_the_same_in_each_build) {
  EXPECT_EQ(sim::run(7, workload, on(1)).trace_hash, 14031794360730319160u);
  EXPECT_EQ(sim::run(7, workload, on(4)).trace_hash, 3698897519241882750u);
}

TEST(simulation, runs_processes_on_all_its_schedulers) {
  std::set<unsigned> seen;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const sim::result one = sim::run(
        seed,
        [&seen] {
          for (int i = 0; i < 8; ++i) {
            spawn_monitor([] {
              for (int turn = 0; turn < 50; ++turn) yield();
              exit(reason::error(std::to_string(current_scheduler())));
            });
          }
          for (int i = 0; i < 8; ++i) seen.insert(static_cast<unsigned>(std::stoi(std::string(receive<down>().why.text()))));
        },
        on(4));
    EXPECT_TRUE(one) << one;
  }
  EXPECT_EQ(seen, (std::set<unsigned>{0, 1, 2, 3}));
}

TEST(simulation, has_a_clock_of_its_own) {
  const auto begun = std::chrono::steady_clock::now();
  const sim::result one = sim::run(1, [] { sleep_for(24h); });
  EXPECT_TRUE(one);
  EXPECT_GE(one.virtual_time, 24h);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1h);
}

// ---- what fails ----

TEST(simulation, tells_of_an_exception_out_of_main) {
  const sim::result one = sim::run(3, [] { throw std::runtime_error("broken"); }, quiet());
  EXPECT_FALSE(one);
  EXPECT_NE(one.why.find("broken"), std::string::npos) << one;
  EXPECT_NE(to_string(one).find("seed 3"), std::string::npos);
}

TEST(simulation, tells_of_another_number_than_nought) {
  EXPECT_FALSE(sim::run(3, [] { return 5; }, quiet()));
}

TEST(simulation, tells_of_a_deadlock) {
  const sim::result one = sim::run(
      3, [] { receive<number>(); }, quiet({.schedulers = 2}));
  EXPECT_FALSE(one);
  EXPECT_NE(one.why.find("every process waits"), std::string::npos) << one;
}

TEST(simulation, tells_of_a_crash_that_nobody_sees_unless_told_not_to) {
  const auto crash = [] {
    spawn([] { throw std::runtime_error("unseen"); });
    sleep_for(1s);
  };
  const sim::result one = sim::run(3, crash, quiet());
  EXPECT_FALSE(one);
  EXPECT_NE(one.why.find("unseen"), std::string::npos) << one;
  EXPECT_TRUE(sim::run(3, crash, quiet({.crashes_fail = false})));
}

TEST(simulation, tells_of_too_many_steps_and_ends_all_the_same) {
  const sim::result polite = sim::run(3, [] { for (;;) yield(); }, quiet({.most_steps = 1000}));
  EXPECT_NE(polite.why.find("1000 steps"), std::string::npos) << polite;
  const auto never_ends = [] {
    for (;;) static_cast<void>(now());
  };
  EXPECT_FALSE(sim::run(3, never_ends, quiet({.schedulers = 2, .most_steps = 1000})));
}

TEST(simulation, leaves_no_mail_behind_of_one_that_never_ended) {
  for (const when_full policy : {when_full::park_sender, when_full::drop_oldest}) {
    const auto shared = std::make_shared<int>(5);
    bool began = false;
    const auto takes_the_first = [&began, &shared, policy] {
      const spawn_options limited{.mailbox = {.messages = 10, .policy = policy}};
      const auto keeps_the_rest = [](unsafe_share<bool> has_begun) {
        *has_begun = receive<unsafe_share<int>>().get() != nullptr;
        for (;;) static_cast<void>(now());
      };
      const pid stays = spawn(limited, keeps_the_rest, unsafe_share<bool>(&began));
      for (int i = 0; i < 5; ++i) send(stays, unsafe_share<int>(shared));
      for (;;) yield();
    };
    EXPECT_FALSE(sim::run(3, takes_the_first, quiet({.most_steps = 1000})));
    EXPECT_TRUE(began);
    EXPECT_EQ(shared.use_count(), 1);
  }
}

TEST(simulation, that_stands_again_and_again_has_failed_whoever_wakes_it) {
  sim::options given = quiet();
  given.runtime.on_deadlock = [](const deadlock_report& report) { send(report.processes.at(0).process, number{1}); };
  const auto receives = [](int messages) {
    return [messages] {
      for (int i = 0; i < messages; ++i) receive<number>();
    };
  };
  EXPECT_TRUE(sim::run(3, receives(50), given));
  const sim::result one = sim::run(3, receives(200), given);
  EXPECT_FALSE(one);
  EXPECT_NE(one.why.find("stood still"), std::string::npos) << one;
}

TEST(simulation, catches_overflows_of_stacks_unless_told_not_to) {
  const auto handler = [] {
    struct sigaction now {};
    ::sigaction(SIGSEGV, nullptr, &now);
    return now.sa_sigaction;
  };
  const auto before = handler();
  decltype(handler()) inside = nullptr;
  const auto look = [&] { inside = handler(); };
  EXPECT_TRUE(sim::run(3, look, quiet()));
  EXPECT_NE(inside, before);
  sim::options given = quiet();
  given.runtime.catch_stack_overflow = false;
  EXPECT_TRUE(sim::run(3, look, given));
  EXPECT_EQ(inside, before);
}

TEST(simulation, asks_the_users_own_check) {
  bool bad = false;
  sim::options given = quiet();
  given.failed = [&bad] { return bad; };
  EXPECT_TRUE(sim::run(3, [] {}, given));
  EXPECT_FALSE(sim::run(3, [&bad] { bad = true; }, given));
}

TEST(simulation, reports_a_loop_that_never_calls_the_runtime) {
  const sim::result one = sim::run(
      3,
      [] {
        for (std::atomic<int> turns = 0;;) ++turns;
      },
      quiet({.stuck_after = 200ms}));
  EXPECT_FALSE(one);
  EXPECT_NE(one.why.find("no step"), std::string::npos) << one;
  EXPECT_NE(one.trace.find("    at "), std::string::npos) << one;
}

TEST(simulation, reports_a_call_of_the_system_that_blocks) {
  static int ends[2];  // as long as the thread that is left behind
  ASSERT_EQ(::pipe(ends), 0);
  static const auto reads = [] {
    char byte;
    static_cast<void>(::read(ends[0], &byte, 1));
  };
  const sim::result one = sim::run(3, reads, quiet({.stuck_after = 200ms}));
  EXPECT_NE(one.why.find("no step"), std::string::npos) << one;
#ifndef MOTE_UNDER_TSAN  // which keeps signals from a thread in such a call
  EXPECT_NE(one.trace.find("read"), std::string::npos) << one;
#endif
}

std::atomic<int> host_signals{0};
void count_signal(int) { ++host_signals; }

TEST(simulation, leaves_the_host_its_handler_of_the_signal_that_stops_a_loop) {
  struct sigaction counts {}, before {}, after {};
  counts.sa_handler = &count_signal;
  counts.sa_flags = SA_RESTART;
  ASSERT_EQ(::sigaction(SIGRTMAX, &counts, &before), 0);
  host_signals = 0;
  EXPECT_TRUE(sim::run(1, [] { ::raise(SIGRTMAX); }, quiet()));
  EXPECT_EQ(host_signals, 1);
  sim::options soon_stuck = quiet();
  soon_stuck.stuck_after = 50ms;
  EXPECT_FALSE(sim::run(1, [] { for (std::atomic<int> turns = 0;;) ++turns; }, soon_stuck));
  ::raise(SIGRTMAX);
  EXPECT_EQ(host_signals, 2);
  ASSERT_EQ(::sigaction(SIGRTMAX, &before, &after), 0);
  EXPECT_EQ(after.sa_handler, &count_signal);
}

TEST(simulation, has_random_numbers_that_the_seed_repeats) {
  const auto drawn_with = [](std::uint64_t seed) {
    std::vector<std::uint64_t> drawn;
    EXPECT_TRUE(sim::run(seed, [&drawn] {
      random_source source;
      for (int i = 0; i < 10; ++i) drawn.push_back(source());
    }, on(2)));
    return drawn;
  };
  EXPECT_EQ(drawn_with(1), drawn_with(1));
  EXPECT_NE(drawn_with(1), drawn_with(2));
}

TEST(simulation, tells_who_sent_what_who_received_it_and_who_ended_why) {
  const sim::result one = sim::run(
      3,
      [] {
        const pid other = spawn({.name = "adder"}, [] {
          receive<number>();
          throw std::runtime_error("cannot add");
        });
        send(other, number{1});
        receive<number>();
      },
      quiet());
  for (const char* wanted : {"mote::send", "number", "receives", "adder", "cannot add", "(main)", "made by"}) {
    EXPECT_NE(one.trace.find(wanted), std::string::npos) << wanted << " in\n" << one;
  }
}

TEST(simulation, refuses_impossible_options_by_name) {
  const std::map<std::string, sim::options> table{
      {"schedulers", {.schedulers = 0}},
      {"schedulers", {.schedulers = 65}},
      {"depth", {.how = sim::pct(0)}},
      {"length", {.how = sim::pct(3, 0)}},
      {"preemptions", {.how = sim::exhaustive(17)}},
      {"most_steps", {.most_steps = 0}},
      {"stuck_after", {.stuck_after = 0ms}},
      {"trace_lines", {.trace_lines = 100'001}},
  };
  const std::map<std::string, sim::search> searches{{"search::seeds", {.seeds = 0}}, {"search::time", {.time = -5s}}};
  for (const auto& [name, what] : searches) {
    try {
      sim::explore([] {}, what, quiet());
      ADD_FAILURE() << name << " was accepted";
    } catch (const usage_error& error) {
      EXPECT_NE(std::string(error.what()).find("mote::sim::" + name), std::string::npos) << error.what();
    }
  }
  for (const auto& [name, given] : table) {
    try {
      sim::run(1, [] {}, given);
      ADD_FAILURE() << name << " was accepted";
    } catch (const usage_error& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
}

TEST(simulation, refuses_to_begin_inside_a_process) {
  bool refused = false;
  mote::run([&refused] {
    try {
      sim::run(1, [] {});
    } catch (const usage_error&) {
      refused = true;
    }
  });
  EXPECT_TRUE(refused);
}

// ---- what is looked for ----

struct fetch {};

// A classic: two read a number, each adds one, and each writes it back.
void lost_update() {
  const pid keeper = spawn_link([] {
    int kept = 0;
    for (int told = 0; told < 5;) {
      receive([&](reply_to from, fetch) { reply(from, kept), ++told; }, [&](number given) { kept = given.value, ++told; });
    }
  });
  std::vector<ref> watches;
  for (int who = 0; who < 2; ++who) {
    const auto add_one = [](pid where) { send(where, number{receive_reply<int>(request(where, fetch{})) + 1}); };
    watches.push_back(spawn_monitor(add_one, keeper).monitor);
  }
  for (std::size_t i = 0; i < watches.size(); ++i) receive<down>();
  if (receive_reply<int>(request(keeper, fetch{})) != 2) throw std::runtime_error("an addition is lost");
}

TEST(explore, finds_what_only_some_orders_do_and_repeats_it) {
  for (const sim::options& given : {on(1), on(2), on(1, sim::pct(2, 30)), on(4, sim::pct(3, 100)), on(1, sim::exhaustive(1))}) {
    const sim::findings found = sim::explore(lost_update, {.seeds = 2'000}, given);
    ASSERT_FALSE(found) << static_cast<int>(given.how.how) << " " << given.schedulers << found;
    const sim::result again = sim::run(found.failure->seed, lost_update, found.with);
    EXPECT_FALSE(again);
    EXPECT_EQ(again.trace_hash, found.failure->trace_hash);
  }
}

TEST(explore, leaves_out_what_the_failure_does_not_need) {
  sim::options given = on(4, sim::pct(5, 100));
  given.what_fails = {.kill_one_in = 50, .slow_one_in = 50};
  const sim::findings found = sim::explore([] { throw std::runtime_error("always"); }, {}, given);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.with.schedulers, 1u);
  EXPECT_EQ(found.with.what_fails.kill_one_in, 0u);
  EXPECT_EQ(found.with.what_fails.slow_one_in, 0u);
  EXPECT_EQ(found.with.how.depth, 1u);
}

// Two send one message each: with one preemption or less there are some orders, and all are seen.
TEST(explore, goes_through_all_schedules_of_a_small_program) {
  std::set<std::vector<int>> orders;
  const sim::findings found = sim::explore(
      [&orders] {
        for (int who = 0; who < 3; ++who) spawn([](pid to, int mine) { send(to, number{mine}); }, self(), who);
        std::vector<int> order;
        for (int i = 0; i < 3; ++i) order.push_back(receive<number>().value);
        orders.insert(order);
      },
      {.seeds = 100'000}, on(1, sim::exhaustive(1)));
  EXPECT_TRUE(found) << found;
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(orders.size(), 6u);
}

// How long what is sent takes is the seed's, in each schedule the same.
TEST(explore, claims_not_to_have_tried_all_where_more_than_the_order_was_decided) {
  const auto asks_itself = [] {
    tcp_listener listener = tcp_listener::listen({ip_address::loopback_v4(), 0});
    tcp_stream::connect(listener.local_endpoint());
  };
  const auto throws_dice = [] { random_source()(); };
  const auto sends = [] { spawn([](pid to) { send(to, number{1}); }, self()), receive<number>(); };
  const auto found = [](auto& main) { return sim::explore(main, {.seeds = 100'000}, on(1, sim::exhaustive(1))); };
  EXPECT_TRUE(found(sends).complete);
  EXPECT_TRUE(found(asks_itself));
  EXPECT_FALSE(found(asks_itself).complete);
  EXPECT_FALSE(found(throws_dice).complete);
  EXPECT_EQ(sim::run(1, sends, on(1, sim::exhaustive(1))).drawn, 0u);
  EXPECT_GT(sim::run(1, asks_itself, on(1, sim::exhaustive(1))).drawn, 0u);
}

// The first 64 of a queue can be next.
TEST(explore, claims_not_to_have_tried_all_where_there_were_too_many_to_choose_from) {
  const auto many = [] {
    for (int i = 0; i < 100; ++i) spawn([] {});
    yield();
  };
  const sim::options given = on(1, sim::exhaustive(0));
  EXPECT_GT(sim::run(1, many, given).drawn, 0u);
}

TEST(explore, ends_when_its_time_is_up) {
  const sim::findings found = sim::explore([] { sleep_for(1s); }, {.seeds = ~std::uint64_t{0}, .time = 1s}, quiet());
  EXPECT_TRUE(found);
  EXPECT_GT(found.runs, 1u);
}

// The second run, the first of a simpler one, takes all the time there is.
TEST(explore, seeks_no_simpler_run_when_its_time_is_up) {
  constexpr std::chrono::seconds time = 1s;
  const auto begun = std::chrono::steady_clock::now();
  int runs = 0;
  const auto fails_once = [&] {
    if (++runs == 1) throw std::runtime_error("once");
    while (std::chrono::steady_clock::now() < begun + 2 * time) std::this_thread::yield();
  };
  const sim::findings found = sim::explore(fails_once, {.time = time}, on(4));
  EXPECT_FALSE(found);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(found.with.schedulers, 4u);
}

TEST(check_determinism, says_nothing_of_a_program_that_is) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const sim::difference none = sim::check_determinism(seed, workload, on(2));
    EXPECT_TRUE(none) << none;
    EXPECT_NE(none.trace_hash, 0u);
  }
}

TEST(check_determinism, names_the_first_difference) {
  int runs = 0;
  const sim::difference one = sim::check_determinism(
      1,
      [&runs] {
        yield();
        if (++runs == 2) send(self(), number{1});
        yield();
      },
      quiet());
  EXPECT_FALSE(one);
  EXPECT_NE(one.first.find("mote::yield"), std::string::npos) << one;
  EXPECT_NE(one.second.find("mote::send"), std::string::npos) << one;
  EXPECT_NE(one.before.find("mote::yield"), std::string::npos) << one;
}

TEST(check_determinism, names_a_run_that_is_shorter) {
  int runs = 0;
  const sim::difference one = sim::check_determinism(
      1,
      [&runs] {
        if (++runs == 1) sleep_for(1s);
      },
      quiet());
  EXPECT_FALSE(one);
}

// ---- faults ----

struct made {
  std::uint64_t kills = 0, other_faults = 0;
};

// Each seed's run goes well, and goes the same way twice. Returns what was done to them in all.
template <class Main>
made all_go_well(std::uint64_t seeds, Main&& main, const sim::options& given) {
  made all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const sim::result one = sim::run(seed, main, given);
    EXPECT_TRUE(one) << one;
    EXPECT_EQ(one.trace_hash, sim::run(seed, main, given).trace_hash);
    all.kills += one.kills;
    all.other_faults += one.other_faults;
  }
  return all;
}

TEST(faults, kill_processes_but_never_the_first) {
  sim::options given = on(2);
  given.what_fails.kill_one_in = 10;
  EXPECT_GT(all_go_well(20, workload, given).kills, 20u);
}

TEST(faults, refuse_memory_where_it_is_asked_for) {
  sim::options given = on(1);
  given.what_fails.refuse_memory_one_in = 10;
  int refused = 0;
  const sim::result one = sim::run(
      1,
      [&refused] {
        for (int i = 0; i < 200; ++i) {
          try {
            send(self(), number{i});
          } catch (const std::bad_alloc&) {
            ++refused;
          }
        }
      },
      given);
  EXPECT_TRUE(one) << one;
  EXPECT_GT(refused, 5);
  EXPECT_EQ(one.other_faults, static_cast<std::uint64_t>(refused));
}

template <class Call>
bool has_memory(Call&& call) {
  try {
    call();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Each of them, some time; and what was refused was not done.
TEST(faults, refuse_memory_to_each_call_that_asks_for_some) {
  sim::options given = on(1);
  given.what_fails.refuse_memory_one_in = 3;
  std::map<std::string, int> refused;
  const auto asks = [&refused] {
    const auto tried = [&refused](const char* what, auto&& call) { refused[what] += has_memory(call) ? 0 : 1; };
    const pid peer = spawn([] { receive<std::string>(); });
    const pid answers = spawn([] {
      for (;;) {
        receive([](reply_to from, number) {
          while (!has_memory([&] { reply(from, 1); })) {}
        });
      }
    });
    for (int i = 0; i < 20; ++i) {
      tried("send", [&] { send(peer, number{i}); });
      tried("request", [&] { receive_reply<int>(request(answers, number{i})); });
      tried("link", [&] { link(peer); });
      tried("unlink", [&] { unlink(peer); });
      tried("monitor", [&] { demonitor(monitor(peer)); });
      tried("timer", [&] { cancel_timer(send_after(1h, peer, number{i})); });
      tried("spawn", [] { spawn([](std::array<std::uint64_t, 100>) {}, std::array<std::uint64_t, 100>()); });
      tried("label", [] { spawn({.label = "a label"}, [] {}); });
      tried("name", [&] { register_name("name " + std::to_string(i), spawn([] { receive<std::string>(); })); });
    }
    const auto named = registered_names();
    if (static_cast<int>(named.size()) != 20 - refused["name"]) throw std::logic_error("a name too many or too few");
  };
  given.crashes_fail = false;
  const sim::result one = sim::run(1, asks, given);
  EXPECT_TRUE(one) << one;
  for (const char* what : {"send", "request", "link", "unlink", "monitor", "timer", "spawn", "label", "name"}) {
    EXPECT_GT(refused[what], 0) << what;
  }
}

TEST(faults, make_a_turn_take_long) {
  sim::options given = on(1);
  const auto hundred_turns = [] {
    for (int turn = 0; turn < 100; ++turn) yield();
  };
  EXPECT_LT(sim::run(1, hundred_turns, given).virtual_time, 1ms);
  given.what_fails.slow_one_in = 5;
  const sim::result slow = sim::run(1, hundred_turns, given);
  EXPECT_GT(slow.virtual_time, 5ms);
  EXPECT_GT(slow.other_faults, 5u);
}

void echo_for_ever(tcp_listener at) {
  for (;;) {
    try {
      tcp_stream with = at.accept();
      std::array<char, 64> part;
      while (const std::size_t got = with.read(part)) with.write({part.data(), got});
    } catch (const std::system_error&) {
    }
  }
}

TEST(faults, reset_connections_at_both_ends) {
  sim::options given = on(2);
  given.what_fails.reset_one_in = 10;
  int resets = 0, echoes = 0;
  const auto asks_again = [&resets, &echoes] {
    tcp_listener listener = tcp_listener::listen({ip_address::loopback_v4(), 0});
    const endpoint at = listener.local_endpoint();
    spawn(echo_for_ever, std::move(listener));
    for (int i = 0; i < 20; ++i) {
      try {
        tcp_stream with = tcp_stream::connect(at);
        std::array<char, 8> part{};
        with.write({part.data(), part.size()});
        echoes += with.read(part) > 0;
      } catch (const std::system_error& error) {
        resets += error.code() == std::errc::connection_reset;
      }
    }
  };
  EXPECT_GT(all_go_well(20, asks_again, given).other_faults, 20u);
  EXPECT_GT(resets, 20);
  EXPECT_GT(echoes, 20);
}

int added(int value) { return value + 1; }
void add_for_ever() {
  for (;;) receive([](reply_to from, int value) { reply(from, added(value)); });
}

TEST(faults, end_os_processes_at_any_step) {
  sim::options given = on(2);
  given.what_fails.end_os_process_one_in = 10;
  int answers = 0, ends = 0;
  const auto asks_isolated = [&answers, &ends] {
    for (int i = 0; i < 10; ++i) {
      const monitored there = spawn_monitor(isolated, add_for_ever);
      for (int value = 0; value < 5; ++value) {
        try {
          if (receive_reply<int>(request(there.process, value)) != value + 1) throw std::logic_error("a wrong answer");
          ++answers;
        } catch (const no_reply& none) {
          if (none.why().kind() != reason_kind::signal && none.why() != reason::noproc) throw;
        }
      }
      exit(there.process, reason::kill);
      ends += receive<down>().why.kind() == reason_kind::signal;
    }
  };
  EXPECT_GT(all_go_well(20, asks_isolated, given).other_faults, 20u);
  EXPECT_GT(ends, 20);
  EXPECT_GT(answers, 20);
}

// ---- the kernel's slices ----

void flood(pid collector, int who) {
  for (int i = 0; i < 30; ++i) send(collector, number{who * 100 + i});
}
void collect_slowly(pid to) {
  std::map<int, int> heard;
  for (int i = 0; i < 90; ++i) {
    const int value = receive<number>().value;
    if (heard[value / 100]++ != value % 100) throw std::logic_error("a message out of order");
    if (i % 7 == 0) sleep_for(std::chrono::microseconds(20));
  }
  send(to, number{0});
}

TEST(simulation, parks_senders_at_a_limited_mailbox_and_loses_nothing) {
  for (const unsigned schedulers : {1u, 3u}) {
    for (const sim::strategy& how : {sim::uniform, sim::pct(3, 200), sim::round_robin}) {
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        bool any_parked = false;
        const auto floods = [&any_parked] {
          const pid collector = spawn({.mailbox = {.messages = 3}}, collect_slowly, self());
          for (int who = 0; who < 3; ++who) spawn(flood, collector, who);
          while (is_alive(collector)) {
            const auto seen = info(collector);
            if (seen && seen->mailbox_messages > 3) throw std::logic_error("more than the limit");
            for (const pid one : processes()) any_parked |= info(one) && info(one)->waits_for == wait_reason::room;
            yield();
          }
          receive<number>();
        };
        const sim::result one = sim::run(seed, floods, on(schedulers, how));
        EXPECT_TRUE(one) << one;
        EXPECT_TRUE(any_parked) << seed << ", " << schedulers << " schedulers";
      }
    }
  }
}

// ---- delays ----

void relay_to(pid collector) {
  receive<number>();
  send(collector, number{2});
}
void tell_both(pid collector, pid relay) {
  send(collector, number{1});
  send(relay, number{0});
}
// Counts on what the first sent to come before what the relay, to whom the first sent later, sends then.
void hears_the_cause_first() {
  const pid relay = spawn(relay_to, self());
  spawn(tell_both, self(), relay);
  if (receive<number>().value != 1) throw std::logic_error("the effect came before its cause");
  receive<number>();
}

TEST(faults, delay_messages_so_that_an_effect_may_come_before_its_cause) {
  EXPECT_TRUE(sim::explore(hears_the_cause_first, {.seeds = 300}, on(2)));
  sim::options given = on(2);
  given.what_fails.delay_one_in = 4;
  const sim::findings found = sim::explore(hears_the_cause_first, {.seeds = 300}, given);
  ASSERT_TRUE(found.failure);
  EXPECT_NE(found.failure->why.find("before its cause"), std::string::npos) << found;
  EXPECT_GT(found.failure->other_faults, 0u);
  EXPECT_NE(found.failure->trace.find("sends what comes late"), std::string::npos) << found;
  EXPECT_EQ(sim::run(found.failure->seed, hears_the_cause_first, found.with).trace_hash, found.failure->trace_hash);
}

void counts_and_fails(pid collector, int who) {
  for (int i = 0; i < 20; ++i) {
    send(collector, number{who * 100 + i});
    if (i == 10) request(collector, who);
  }
  exit(reason::error("counted"));
}
// What one process sends to another comes in order, requests and its end included.
void hears_each_in_order() {
  std::map<pid, int> who;
  std::map<int, int> heard;
  for (int i = 0; i < 3; ++i) who[spawn_monitor(counts_and_fails, self(), i).process] = i;
  for (int ended = 0; ended < 3;) {
    receive(
        [&](number one) {
          if (heard[one.value / 100]++ != one.value % 100) throw std::logic_error("a message out of order");
        },
        [&](reply_to, int asker) {
          if (heard[asker] != 11) throw std::logic_error("a request out of order");
        },
        [&](const down& news) {
          if (heard[who[news.from]] != 20) throw std::logic_error("an end before what was sent");
          ++ended;
        });
  }
}

TEST(faults, delay_nothing_beyond_what_the_same_sender_sends_there_later) {
  for (const unsigned schedulers : {1u, 3u}) {
    sim::options given = on(schedulers);
    given.what_fails.delay_one_in = 5;
    EXPECT_GT(all_go_well(50, hears_each_in_order, given).other_faults, 100u);
  }
}

void answer_for_ever() {
  for (;;) receive([](reply_to from, number asked) { reply(from, asked.value); });
}

TEST(faults, delay_requests_and_replies_and_all_are_answered) {
  for (const unsigned schedulers : {1u, 2u}) {
    sim::options given = on(schedulers);
    given.what_fails.delay_one_in = 1;
    const auto asks = [] {
      const pid asked = spawn(answer_for_ever);
      for (int i = 0; i < 50; ++i) {
        if (receive_reply<int>(request(asked, number{i})) != i) throw std::logic_error("another answer");
      }
    };
    const made delayed = all_go_well(5, asks, given);
    EXPECT_EQ(delayed.other_faults, 5u * 100);
  }
}

// Its sender is told what it would have been told had it come in time.
TEST(faults, delay_a_request_until_nobody_is_there_any_more) {
  sim::options given = on(2);
  given.what_fails.delay_one_in = 1;
  int unanswered = 0;
  const auto asks_the_dying = [&unanswered] {
    const pid asked = spawn([] { sleep_for(100us); });
    const ref asked_for = request(asked, number{1});
    try {
      receive_reply<int>(asked_for);
    } catch (const no_reply& none) {
      unanswered += none.why() == reason::noproc;
    }
  };
  all_go_well(20, asks_the_dying, given);
  EXPECT_EQ(unanswered, 40);
}

TEST(faults, delay_what_nobody_reads_any_more_at_the_end) {
  const auto shared = std::make_shared<int>(5);
  sim::options given = on(2);
  given.what_fails.delay_one_in = 1;
  given.crashes_fail = false;
  const auto leaves = [&shared] {
    const pid never = spawn([] { receive<std::string>(); });
    for (int i = 0; i < 10; ++i) send(never, unsafe_share<int>(shared));
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_TRUE(sim::run(seed, leaves, given));
    EXPECT_EQ(shared.use_count(), 1);
  }
}
}  // namespace
}  // namespace mote::test
