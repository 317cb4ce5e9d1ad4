#include "tests/in_process.hpp"

namespace mote::test {

std::ostream& operator<<(std::ostream& out, const mode& how) {
  if (how.seed) out << "deterministic, seed " << *how.seed << ", ";
  return out << how.schedulers << " schedulers";
}

std::vector<mode> every_mode() {
  std::vector<mode> all{{1, {}}, {2, {}}};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) all.push_back({1u << seed % 3, seed});
  return all;
}

options with(const mode& how, options given) {
  given.schedulers = how.schedulers;
  given.deterministic_seed = how.seed;
  if (given.max_processes == options{}.max_processes) given.max_processes = 1u << 16;
  return given;
}

void in_mode(const mode& how, test_body body, options given, crash_log& crashes) {
  const bool failed_before = ::testing::Test::HasFailure();
  given.on_crash = [&crashes](const crash_report& report) { crashes.add(report); };
  EXPECT_EQ(mote::run([&] { body(); }, with(how, std::move(given))), 0);
  if (!failed_before && ::testing::Test::HasFailure()) ADD_FAILURE() << "that was with " << how;
}

void in_mode(const mode& how, test_body body, const options& given) {
  crash_log crashes;
  in_mode(how, body, given, crashes);
}

void in_mode(const mode& how, test_body body) { in_mode(how, body, options{}); }

void in_every_mode(test_body body, const options& given) {
  for (const mode& how : every_mode()) {
    in_mode(how, body, given);
    if (::testing::Test::HasFailure()) return;
  }
}

void in_every_mode(test_body body) { in_every_mode(body, options{}); }

void on_schedulers(test_body body, const options& given) {
  for (const unsigned schedulers : {1u, 2u}) {
    in_mode({schedulers, {}}, body, given);
    if (::testing::Test::HasFailure()) return;
  }
}

void on_schedulers(test_body body) { on_schedulers(body, options{}); }

void in_every_mode_crashing(test_body body, const std::function<void(const std::vector<crash_report>&)>& check) {
  for (const mode& how : every_mode()) {
    crash_log crashes;
    in_mode(how, body, {}, crashes);
    check(crashes.all());
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "that was with " << how;
      return;
    }
  }
}

void until_waiting(pid who) {
  until([&] {
    const auto seen = info(who);
    return !seen || seen->state == process_state::waiting;
  });
}

reason news_of(ref which) {
  return receive(when([which](const down& news) { return news.monitor == which; }, [](down news) { return news.why; }));
}

reason end_of(pid who) { return news_of(monitor(who)); }

void wait_for_ever() { receive<never_sent>(); }

}  // namespace mote::test
