// What the tests of refused memory are written with: a body is run again and again, each time with another request for memory
// refused, until none is; whatever it does then, nothing may be left of it.
#pragma once

#include "tests/exhaustion/failing_memory.hpp"
#include "tests/in_process.hpp"

#include <atomic>
#include <cstdio>
#include <new>
#include <system_error>

namespace mote::test {

/// Counts those that are alive; too large to lie in a control block.
class token {
 public:
  token() noexcept { alive.fetch_add(1); }
  token(const token&) noexcept { alive.fetch_add(1); }
  token& operator=(const token&) = delete;
  ~token() { alive.fetch_sub(1); }
  static inline std::atomic<int> alive{0};

 private:
  [[maybe_unused]] std::uint64_t room_[8] = {};
};

}  // namespace mote::test

template <>
struct mote::message_traits<mote::test::token> {
  static constexpr bool owns_all = true;
};

namespace mote::test {

/// False: there was no memory for it.
template <class Step>
bool attempt(Step&& step) {
  try {
    step();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  } catch (const system_limit&) {
    return false;
  }
}

/// As attempt, where a thread may be refused as well, for want of memory.
template <class Step>
bool attempt_or_lack_threads(Step&& step) {
  try {
    return attempt(step);
  } catch (const std::system_error& refused) {
    EXPECT_TRUE(refused.code() == std::errc::not_enough_memory || refused.code() == std::errc::resource_unavailable_try_again)
        << refused.what();
    return false;
  }
}

/// Until there is. Signals that have come may want memory at any call that looks at them.
template <class Step>
auto insist(Step&& step) {
  for (;;) {
    try {
      return step();
    } catch (const std::bad_alloc&) {
      attempt([] { yield(); });  // it looks at its mail as well
    }
  }
}

/// What of this run's requests for memory is refused: the nth and those behind it; 0: none.
struct refusals {
  std::uint64_t nth = 0, how_many = 0;
  bool any = false;
};
inline refusals plan;

inline void memory_runs_out() {
  if (plan.nth != 0) memory::refuse(plan.nth, plan.how_many);
}
inline void memory_is_back() {
  if (memory::restore()) plan.any = true;
}

inline void run_once(const mode& how, void (*body)()) {
  const std::int64_t blocks = memory::live_blocks();
  const int tokens = token::alive.load();
  options given = with(how);
  given.on_crash = [](const crash_report&) {};
  EXPECT_EQ(mote::run([&] { body(); }, given), 0);
  memory_is_back();
  if (plan.nth == 0) return;  // what is made once for all was made now
  EXPECT_EQ(token::alive.load(), tokens);
  EXPECT_EQ(memory::live_blocks(), blocks);
}

/// How many runs had something refused, in all.
inline std::uint64_t refused_runs = 0;

inline void in_one_mode(const mode& how, std::uint64_t how_many, void (*body)()) {
  plan = {};
  run_once(how, body);
  for (std::uint64_t nth = 1; nth < 2000; ++nth) {
    plan = {nth, how_many};
    run_once(how, body);
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "that was with " << how << ", request " << nth << " refused and those behind it, " << how_many;
      return;
    }
    refused_runs += plan.any ? 1 : 0;
    if (!plan.any) {
      EXPECT_GT(nth, 1u) << "it asks for no memory";
      return;
    }
  }
  ADD_FAILURE() << "it never gets through";
}

/// Runs the body with each request for memory refused in turn, from where it says memory_runs_out.
inline void without_memory(void (*body)()) {
  for (const mode& how : {mode{1, {}}, mode{2, {}}, mode{1, 1}, mode{1, 2}, mode{1, 3}}) {
    for (const std::uint64_t how_many : {1u, 2u, 7u}) {
      in_one_mode(how, how_many, body);
      if (::testing::Test::HasFailure()) return;
    }
  }
  std::printf("[ refused  ] %llu runs so far\n", static_cast<unsigned long long>(refused_runs));
}

}  // namespace mote::test
