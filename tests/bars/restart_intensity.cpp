// Bar 11. A supervisor's restarts over random histories in virtual time, against an oracle: two children crash at given
// moments, one alone or both at once, while the other may be in the middle of its restart; and their inits fail as a script says.
// Whether the supervisor lives after each moment, and whether both children run then, must be what the oracle says.
// Hit: a restart that was decided on.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

/// One moment of a history: which children crash, and how often the init of each fails before it succeeds.
struct moment {
  std::chrono::milliseconds at;
  std::array<bool, 2> crashes;
  std::array<std::uint32_t, 2> failures;
};

struct history {
  mote::supervisor_flags flags;
  std::vector<moment> moments;
};

// The oracle: after which moment the supervisor has given up, if it has. A start after an end is a restart, and so is each
// further try; more of them than `intensity` within `period`, and it ends.
std::optional<std::size_t> gives_up_at(const history& told, std::uint64_t& restarts) {
  std::vector<std::chrono::nanoseconds> taken;
  for (std::size_t i = 0; i < told.moments.size(); ++i) {
    const moment& now = told.moments[i];
    std::uint32_t tries = 0;
    for (std::size_t child = 0; child < 2; ++child) {
      if (now.crashes[child]) tries += 1 + now.failures[child];
    }
    for (; tries != 0; --tries) {
      taken.push_back(now.at);
      ++restarts;
      const auto recent = std::count_if(taken.begin(), taken.end(), [&](auto one) { return now.at - one <= told.flags.period; });
      if (recent > told.flags.intensity) return i;
    }
  }
  return std::nullopt;
}

struct may_start {};
struct fail_next {
  std::uint32_t times;
};
struct crash {};

/// Tells a child's init whether to succeed.
struct script {
  std::uint32_t failures = 0;
  bool handle_call(may_start) { return failures == 0 || failures-- == 0; }
  void handle_call(fail_next next) { failures = next.times; }
};

struct crasher {
  explicit crasher(mote::server<script> told) {
    mote::sleep_for(10us);  // time for the other to crash meanwhile
    if (!mote::call(told, may_start{})) throw std::runtime_error("init");
  }
  void handle_cast(crash) { throw std::runtime_error("crash"); }
};

history made_up(random_numbers& random) {
  history told;
  told.flags.intensity = random.below(5);
  told.flags.period = std::chrono::milliseconds(1 + random.below(12)) + 500us;  // between two moments: none lies on the edge
  std::chrono::milliseconds at{0};
  for (std::uint32_t left = 1 + random.below(12); left != 0; --left) {
    at += std::chrono::milliseconds(1 + random.below(6));
    const bool both = random.below(4) == 0, second = random.below(2) == 0;
    told.moments.push_back({at, {both || !second, both || second}, {random.below(8) / 6, random.below(8) / 6}});
  }
  return told;
}

bool both_run(const mote::supervisor& which) {
  const auto all = mote::which_children(which);
  return all.size() == 2 && std::all_of(all.begin(), all.end(), [](const auto& one) { return mote::is_alive(one.process); });
}

// Lets the history happen; true: the supervisor and its children did what the oracle says.
bool play(const history& told, std::optional<std::size_t> end) {
  const std::array<mote::server<script>, 2> scripts{mote::start<script>(), mote::start<script>()};
  const mote::supervisor top = mote::start_supervisor(
      told.flags, {mote::child<crasher>("a", scripts[0]), mote::child<crasher>("b", scripts[1])});
  mote::unlink(top);
  const mote::ref watch = mote::monitor(top);
  const auto begin = mote::now();
  bool right = true;
  for (std::size_t i = 0; right && i < told.moments.size() && (!end || i <= *end); ++i) {
    mote::sleep_until(begin + told.moments[i].at);
    const auto children = mote::which_children(top);
    for (std::size_t child = 0; child < 2; ++child) mote::call(scripts[child], fail_next{told.moments[i].failures[child]});
    for (std::size_t child = 0; child < 2; ++child) {
      if (told.moments[i].crashes[child]) mote::cast(mote::server<crasher>(children[child].process), crash{});
    }
    mote::sleep_for(400us);
    if (end && i == *end) {
      const auto news = mote::receive<mote::down>(0ns);
      right = news && news->why == mote::reason::shutdown && !mote::is_alive(children[0].process) &&
              !mote::is_alive(children[1].process);
    } else {
      right = mote::is_alive(top) && both_run(top);
      for (const auto& one : scripts) mote::call(one, fail_next{0});
    }
  }
  mote::demonitor(watch, true);
  if (mote::is_alive(top)) mote::stop(top, mote::reason::shutdown);
  for (const auto& one : scripts) mote::stop(one);
  return right;
}

verdict run(const trial& now) {
  constexpr std::uint64_t together = 50;
  complaints wrong;
  std::uint64_t hits = 0, ended = 0;
  random_numbers random(now.seed);
  for (std::uint64_t done = 0; done < now.count; done += together) {
    const std::uint64_t seed = random.next();
    mote::options options{.max_processes = 1 << 12, .deterministic_seed = seed, .on_crash = [](const mote::crash_report&) {}};
    const int code = mote::run(
        [&] {
          for (std::uint64_t i = 0; i < together; ++i) {
            const history told = made_up(random);
            const auto end = gives_up_at(told, hits);
            ended += end.has_value();
            if (!play(told, end)) wrong.add("history %llu of seed %llu", static_cast<unsigned long long>(i), static_cast<unsigned long long>(seed));
          }
        },
        options);
    if (code != 0) wrong.add("seed %llu came to a stand", static_cast<unsigned long long>(seed));
  }
  return {wrong.count(), ended == 0 ? 0 : hits, std::to_string(ended) + "_gave_up"};
}

}  // namespace

extern const bar restart_intensity{"11", "random histories, 50 a run", 10'000, 300, run};

}  // namespace bars
