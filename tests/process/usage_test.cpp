// Calls from where they do not belong: each function of the runtime, called from a plain thread, throws a usage_error that
// names it, and does nothing.
#include "tests/in_process.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <ostream>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct number {
  int value;
};

process_local<int> local{0};

struct call {
  const char* name;
  std::function<void()> make;
  friend std::ostream& operator<<(std::ostream& out, const call& one) { return out << one.name; }
};

class from_a_plain_thread : public ::testing::TestWithParam<call> {};

TEST_P(from_a_plain_thread, is_refused_by_name) {
  try {
    GetParam().make();
    ADD_FAILURE() << "was accepted";
  } catch (const usage_error& refused) {
    EXPECT_NE(std::string(refused.what()).find(GetParam().name), std::string::npos) << refused.what();
    EXPECT_NE(std::string(refused.what()).find("plain thread"), std::string::npos) << refused.what();
  }
}

const pid somebody(1, 1, 1);

INSTANTIATE_TEST_SUITE_P(
    process_hpp, from_a_plain_thread,
    ::testing::Values(
        call{"mote::spawn", [] { spawn([] {}); }},
        call{"mote::spawn",
             [] {
               spawn(
                   spawn_options{}, [](std::string) {}, "text");
             }},
        call{"mote::spawn", [] { spawn_link([] {}); }}, call{"mote::spawn", [] { spawn_monitor([] {}); }},
        call{"mote::self", [] { self(); }}, call{"mote::parent", [] { parent(); }},
        call{"mote::exit", [] { exit(reason::normal); }}, call{"mote::exit", [] { exit(somebody, {}); }},
        call{"mote::exit", [] { kill(somebody); }}, call{"mote::checkpoint", [] { checkpoint(); }},
        call{"mote::link", [] { link(somebody); }}, call{"mote::unlink", [] { unlink(somebody); }},
        call{"mote::monitor", [] { monitor(somebody); }},
        call{"mote::monitor", [] { monitor("name"); }}, call{"mote::demonitor", [] { demonitor({}); }},
        call{"mote::trap_exit", [] { trap_exit(true); }}, call{"mote::yield", [] { yield(); }},
        call{"mote::sleep_for", [] { sleep_for(1ns); }}, call{"mote::sleep_until", [] { sleep_until({}); }},
        call{"mote::now", [] { now(); }}, call{"mote::register_name", [] { register_name("name", somebody); }},
        call{"mote::unregister_name", [] { unregister_name("name"); }}, call{"mote::whereis", [] { whereis("name"); }},
        call{"mote::registered_names", [] { registered_names(); }}, call{"mote::make_alias", [] { make_alias(); }},
        call{"mote::unalias", [] { unalias({}); }}, call{"mote::set_label", [] { set_label("label"); }},
        call{"mote::label", [] { label(); }}, call{"mote::set_priority", [] { set_priority(priority::low); }},
        call{"mote::pin_to_scheduler", [] { pin_to_scheduler(0); }},
        call{"mote::scheduler_count", [] { scheduler_count(); }},
        call{"mote::current_scheduler", [] { current_scheduler(); }}, call{"mote::info", [] { mote::info(somebody); }},
        call{"mote::processes", [] { processes(); }}, call{"mote::is_alive", [] { is_alive(somebody); }}));

INSTANTIATE_TEST_SUITE_P(
    messages, from_a_plain_thread,
    ::testing::Values(
        call{"mote::send", [] { send(somebody, number{1}); }},
        call{"mote::send", [] { send(alias(), std::string(100, 'x')); }},
        call{"mote::send", [] { send("name", number{1}); }},
        call{"mote::try_send", [] { try_send(somebody, number{1}); }},
        call{"mote::try_send", [] { try_send("name", number{1}); }},
        call{"mote::send_after", [] { send_after(1s, "name", number{1}); }},
        call{"mote::request", [] { request("name", number{1}); }},
        call{"mote::send_after", [] { send_after(1s, somebody, std::string(100, 'x')); }},
        call{"mote::cancel_timer", [] { cancel_timer({}); }}, call{"mote::read_timer", [] { read_timer({}); }},
        call{"mote::receive", [] { receive<number>(); }}, call{"mote::receive", [] { receive<number>(1s); }},
        call{"mote::receive", [] { receive<number>(0s); }}, call{"mote::receive", [] { receive([](any_message) {}); }},
        call{"mote::request", [] { request(somebody, std::string(100, 'x')); }},
        call{"mote::receive_reply", [] { receive_reply<number>({}); }},
        call{"mote::receive_reply", [] { receive_reply<number>({}, 0s); }},
        call{"mote::reply", [] { reply({}, std::string(100, 'x')); }}, call{"mote::process_local", [] { local.get(); }},
        call{"mote::this_runtime", [] { this_runtime(); }}));

TEST(run, inside_a_process_is_refused) {
  in_every_mode([] {
    EXPECT_THROW(mote::run([] {}), usage_error);
    EXPECT_EQ(outcome([] { mote::run([] {}); }).type(), "mote::usage_error");
  });
}

// An option that cannot be, and what the refusal must name.
struct wrong_option {
  const char* name;
  std::function<void(options&)> set;
};

TEST(options, that_cannot_be_are_refused_by_name) {
  const wrong_option table[] = {
      {"schedulers", [](options& o) { o.schedulers = 1025; }},
      {"max_processes", [](options& o) { o.max_processes = 15; }},
      {"max_processes", [](options& o) { o.max_processes = (std::size_t{1} << 27) + 1; }},
      {"stack_bytes", [](options& o) { o.stack_bytes = 1; }},
      {"stack_bytes", [](options& o) { o.stack_bytes = (std::size_t{1} << 30) + 1; }},
      {"arena_bytes", [](options& o) { o.arena_bytes = (std::size_t{1} << 46) + 1; }},
      {"arena_bytes", [](options& o) { o.arena_bytes = 4096; }},
      {"shutdown_deadline", [](options& o) { o.shutdown_deadline = -1ms; }},
      {"shutdown_deadline", [](options& o) { o.shutdown_deadline = std::chrono::milliseconds::max(); }},
      {"handoff_after", [](options& o) { o.handoff_after = -1ms; }},
      {"handoff_after", [](options& o) { o.handoff_after = 1h + 1ms; }},
      {"max_threads", [](options& o) { o.max_threads = 0; }},
      {"max_threads", [](options& o) { o.max_threads = 10'001; }},
      {"mailbox_budget_bytes", [](options& o) { o.mailbox_budget_bytes = 1; }},
      {"mailbox_budget_bytes", [](options& o) { o.mailbox_budget_bytes = (std::size_t{1} << 46) + 1; }},
      {"deadlock", [](options& o) { o.deadlock = static_cast<deadlock_action>(5); }},
      {"deterministic_seed",
       [](options& o) {
         o.deterministic_seed = 1;
         o.schedulers = 65;
       }},
  };
  for (const wrong_option& wrong : table) {
    options given;
    wrong.set(given);
    bool ran = false;
    try {
      mote::run([&] { ran = true; }, given);
      ADD_FAILURE() << wrong.name << " was accepted";
    } catch (const usage_error& refused) {
      EXPECT_NE(std::string(refused.what()).find(wrong.name), std::string::npos) << refused.what();
    }
    EXPECT_FALSE(ran);
  }
}

// A variable of the environment for as long as this lives.
class variable {
 public:
  variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

// Runs, which is to be refused in one line on stderr; returns what that names.
std::string run_refused() {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(mote::run([] { FAIL() << "ran"; }), 2);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  return said.substr(0, said.find(':'));
}

TEST(environment_variables, that_are_wrong_are_refused_by_name) {
  const std::pair<const char*, const char*> table[] = {
      {"MOTE_SCHEDULERS", "x"},       {"MOTE_SCHEDULERS", ""},
      {"MOTE_SCHEDULERS", "-1"},      {"MOTE_SCHEDULERS", "1025"},
      {"MOTE_SCHEDULERS", "2 "},      {"MOTE_SCHEDULERS", "99999999999999999999999"},
      {"MOTE_MAX_PROCESSES", "15"},   {"MOTE_MAX_PROCESSES", "many"},
      {"MOTE_STACK_BYTES", "1"},      {"MOTE_STACK_BYTES", "64K"},
      {"MOTE_ARENA_BYTES", "0x1000"}, {"MOTE_BIND", "yes"},
      {"MOTE_VERBOSE", "2"},          {"MOTE_CATCH_TERMINATE", ""},
      {"MOTE_SHUTDOWN_MS", "-5"},     {"MOTE_SHUTDOWN_MS", "86400001"},
      {"MOTE_SEED", "seed"},          {"MOTE_SEED", "-1"},
      {"MOTE_ARENA_BYTES", "4096"},   {"MOTE_MAILBOX_BUDGET_BYTES", "4096"},
      {"MOTE_HANDOFF_MS", "3600001"}, {"MOTE_HANDOFF_MS", "10ms"},
      {"MOTE_MAX_THREADS", "0"},      {"MOTE_MAX_THREADS", "10001"},
      {"MOTE_REPORT_HANDOFF", "no"},  {"MOTE_CATCH_OVERFLOW", "2"},
      {"MOTE_DUMP_ON_QUIT", "on"},    {"MOTE_BACKTRACES", ""},
      {"MOTE_DEADLOCK", "hang"},      {"MOTE_DEADLOCK", ""},
  };
  for (const auto& [name, value] : table) {
    const variable set(name, value);
    try {
      options_from_environment();
      ADD_FAILURE() << name << "=" << value << " was accepted";
    } catch (const usage_error& refused) {
      EXPECT_NE(std::string(refused.what()).find(name), std::string::npos) << refused.what();
      EXPECT_NE(std::string(refused.what()).find("\"" + std::string(value) + "\""), std::string::npos)
          << refused.what();
    }
    EXPECT_EQ(run_refused(), name);
  }
}

TEST(environment_variables, that_allow_0_beside_a_range_say_so) {
  const variable set("MOTE_ARENA_BYTES", "4096");
  try {
    options_from_environment();
    ADD_FAILURE() << "was accepted";
  } catch (const usage_error& refused) {
    EXPECT_STREQ(refused.what(), "MOTE_ARENA_BYTES: \"4096\" is not 0 or a whole number from 16777216 to 70368744177664");
  }
}

// Whichever of the two is the code's.
TEST(environment_variables, that_ask_for_too_many_simulated_schedulers_are_refused_by_name) {
  options many;
  many.schedulers = 65;
  const variable seed("MOTE_SEED", "1");
  EXPECT_THROW(options_from_environment(many), usage_error);
  const variable schedulers("MOTE_SCHEDULERS", "65");
  EXPECT_EQ(run_refused(), "MOTE_SCHEDULERS, with MOTE_SEED");
}

TEST(environment_variables, that_are_no_options_are_refused_by_name) {
  const variable set("MOTE_SCHEDULRES", "2");
  try {
    options_from_environment();
    ADD_FAILURE() << "was accepted";
  } catch (const usage_error& refused) {
    EXPECT_NE(std::string(refused.what()).find("MOTE_SCHEDULRES:"), std::string::npos) << refused.what();
    EXPECT_NE(std::string(refused.what()).find("MOTE_SCHEDULERS"), std::string::npos) << refused.what();
  }
  EXPECT_EQ(run_refused(), "MOTE_SCHEDULRES");
}

TEST(environment_variables, win_over_the_code) {
  const variable a("MOTE_SCHEDULERS", "3"), b("MOTE_MAX_PROCESSES", "1000"), c("MOTE_STACK_BYTES", "131072"),
      d("MOTE_ARENA_BYTES", "1073741824"), e("MOTE_BIND", "0"), f("MOTE_VERBOSE", "0"), g("MOTE_CATCH_TERMINATE", "0"),
      h("MOTE_SHUTDOWN_MS", "77"), i("MOTE_SEED", "5"), j("MOTE_HANDOFF_MS", "0"), k("MOTE_MAX_THREADS", "9"),
      l("MOTE_REPORT_HANDOFF", "0"), m("MOTE_CATCH_OVERFLOW", "1"), n("MOTE_DUMP_ON_QUIT", "1"), o("MOTE_BACKTRACES", "0"),
      p("MOTE_CRASH_DUMP", "a.%p"), q("MOTE_MAILBOX_BUDGET_BYTES", "1048576"), r("MOTE_DEADLOCK", "report");
  options given;
  given.schedulers = 7;
  given.bind_schedulers = given.verbose = true;
  const options read = options_from_environment(given);
  EXPECT_EQ(read.schedulers, 3u);
  EXPECT_EQ(read.max_processes, 1000u);
  EXPECT_EQ(read.stack_bytes, 131072u);
  EXPECT_EQ(read.arena_bytes, 1073741824u);
  EXPECT_FALSE(read.bind_schedulers);
  EXPECT_FALSE(read.verbose);
  EXPECT_EQ(read.catch_terminate, false);
  EXPECT_EQ(read.shutdown_deadline, 77ms);
  EXPECT_EQ(read.deterministic_seed, 5u);
  EXPECT_EQ(read.handoff_after, 0ms);
  EXPECT_EQ(read.max_threads, 9u);
  EXPECT_FALSE(read.report_handoff);
  EXPECT_EQ(read.catch_stack_overflow, true);
  EXPECT_TRUE(read.dump_on_quit);
  EXPECT_EQ(read.backtraces, false);
  EXPECT_EQ(read.crash_dump, "a.%p");
  EXPECT_EQ(read.mailbox_budget_bytes, 1048576u);
  EXPECT_EQ(read.deadlock, deadlock_action::report);
}

TEST(environment_variables, are_read_by_run) {
  const variable set("MOTE_SCHEDULERS", "3");
  unsigned seen = 0;
  mote::run([&] { seen = scheduler_count(); });
  EXPECT_EQ(seen, 3u);
}

}  // namespace
}  // namespace mote::test
