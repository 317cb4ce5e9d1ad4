// Crash reports: for whom there is one, and what it says.
#include "tests/in_process.hpp"

#include <stdexcept>

namespace mote::test {
namespace {

struct go {};

// Runs the body and expects as many reports.
template <class Body>
void expect_reports(std::size_t count, Body&& body) {
  in_every_mode_crashing(body, [count](const std::vector<crash_report>& reports) { EXPECT_EQ(reports.size(), count); });
}

TEST(crash_report, tells_who_died_and_why) {
  for (const mode& how : every_mode()) {
    crash_log crashes;
    pid child;
    in_mode(
        how,
        [&child] {
          spawn_options given;
          given.name = "ada";
          child = spawn(given, [] {
            set_label("counts");
            receive<go>();
            throw std::runtime_error("miscounted");
          });
          until_waiting(child);
          send(child, go{});
          until([child] { return !info(child); });
        },
        {}, crashes);
    ASSERT_EQ(crashes.all().size(), 1u) << how;
    const crash_report report = crashes.all().front();
    EXPECT_EQ(report.process, child);
    EXPECT_EQ(report.name, "ada");
    EXPECT_EQ(report.label, "counts");
    EXPECT_EQ(report.why.text(), "miscounted");
    EXPECT_EQ(report.why.type(), "std::runtime_error");
  }
}

TEST(crash_report, is_made_for_every_kind_of_error) {
  expect_reports(5, [] {
    for (void (*body)() : {+[] { throw 1; }, +[] { exit(reason::error("no")); }, +[] { exit(reason::timeout); },
                           +[] { std::terminate(); }, +[] { exit(reason::with(7)); }}) {
      const pid child = spawn([](std::uintptr_t run) { reinterpret_cast<void (*)()>(run)(); },
                              reinterpret_cast<std::uintptr_t>(body));
      until([child] { return !info(child); });
    }
  });
}

TEST(crash_report, is_made_for_no_orderly_end_and_no_kill) {
  expect_reports(0, [] {
    for (const reason& why : {reason::normal, reason::shutdown, reason::kill}) {
      const pid child = spawn([](const reason& given) { exit(given); }, why);
      until([child] { return !info(child); });
    }
    const pid victim = spawn([] { wait_for_ever(); });
    kill(victim);
    until([victim] { return !info(victim); });
  });
}

TEST(crash_report, is_made_for_nobody_who_is_linked_or_monitored) {
  expect_reports(0, [] {
    trap_exit(true);
    spawn_link([] { throw std::runtime_error("linked"); });
    receive<exited>();
    EXPECT_EQ(outcome([] { throw std::runtime_error("monitored"); }).text(), "monitored");
  });
}

TEST(crash_report, is_made_when_the_link_or_monitor_was_taken_back) {
  expect_reports(2, [] {
    const auto crash_at_go = [] {
      receive<go>();
      throw std::runtime_error("alone");
    };
    const pid one = spawn_link(crash_at_go);
    unlink(one);
    const auto [two, watch] = spawn_monitor(crash_at_go);
    demonitor(watch);
    for (const pid child : {one, two}) {
      send(child, go{});
      until([child] { return !info(child); });
    }
  });
}

TEST(crash_report, of_one_who_was_watched_by_the_dead_only_is_made) {
  expect_reports(1, [] {
    const pid child = spawn([] {
      receive<go>();
      throw std::runtime_error("alone");
    });
    EXPECT_EQ(outcome(
                  [](pid whom) {
                    monitor(whom);
                    exit({});
                  },
                  child),
              reason::normal);
    send(child, go{});
    until([child] { return !info(child); });
  });
}

TEST(crash_report, without_a_hook_is_one_line_on_stderr) {
  ::testing::internal::CaptureStderr();
  std::string who;
  mote::run(
      [&who] {
        spawn_options given;
        given.name = "ada";
        given.label = "counts";
        const pid child = spawn(given, [] { throw std::out_of_range("miscounted"); });
        who = to_string(child);
        until([child] { return !info(child); });
      },
      with({2, {}}));
  const std::string text = ::testing::internal::GetCapturedStderr();
  for (const std::string& part :
       {who, std::string("ada"), std::string("counts"), std::string("std::out_of_range"), std::string("miscounted")}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
}

}  // namespace
}  // namespace mote::test
