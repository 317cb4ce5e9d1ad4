// A process that overflows its stack ends, with the reason and in words, and nobody else: whatever it was doing, holding and
// about to do.
#include "runtime/base/annotate.hpp"
#include "runtime/process/core.hpp"
#include "tests/in_process.hpp"

#include <unistd.h>
#include <alloca.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#if !defined(MOTE_ASAN) && !defined(MOTE_TSAN)

namespace mote::test {
namespace {

#define MOTE_RECURSES __attribute__((noinline)) /* NOLINT(misc-no-recursion) */

// As many frames of half a KiB as are asked for, and what each of them does.
template <void (*Step)(char*)>
MOTE_RECURSES int dig(int frames) {
  char frame[512];
  volatile char* const kept = frame;
  kept[0] = static_cast<char>(frames);
  Step(frame);
  return frames == 0 ? kept[0] : dig<Step>(frames - 1) + kept[0];
}

constexpr int endless = 1 << 24;

void nothing(char*) {}
void allocate_and_free(char*) {
  void* volatile block = std::malloc(100);
  std::free(block);
}
void format(char* text) { std::snprintf(text, 512, "%d %s %f", 7, "seven", 7.25); }
void print_unbuffered(char* text) {
  static std::FILE* const nowhere = std::fopen("/dev/null", "w");
  static const int unbuffered = std::setvbuf(nowhere, nullptr, _IONBF, 0);
  std::fprintf(nowhere, "%p %d %g\n", static_cast<void*>(text), unbuffered, 0.5);
}
void look(char*) { checkpoint(); }
void tell(char*) { send(self(), 1); }
void start(char*) { spawn([] {}); }

template <void (*Step)(char*)>
void dig_without_end() {
  set_label("digger");
  dig<Step>(endless);
}

// Counts its objects.
struct counted {
  static inline std::atomic<int> alive{0};
  counted() { ++alive; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --alive; }
};

template <void (*Step)(char*)>
MOTE_RECURSES int dig_with_objects(int frames) {
  const counted first;
  char frame[300];
  Step(frame);
  volatile char* const kept = frame;
  kept[0] = static_cast<char>(frames);
  const std::unique_ptr<std::string> second = std::make_unique<std::string>(50, 'x');
  return frames == 0 ? kept[0] : dig_with_objects<Step>(frames - 1) + kept[0] + second->back();
}

std::mutex shared_mutex;

template <void (*Step)(char*)>
void dig_with_the_mutex() {
  const std::lock_guard hold(shared_mutex);
  dig<Step>(endless);
}

MOTE_RECURSES int print_digging(int frames) {
  std::fprintf(stderr, "%s", "");
  flockfile(stderr);
  const struct unlock {
    ~unlock() { funlockfile(stderr); }
  } then;
  volatile char frame[200];
  frame[0] = 1;
  return frames == 0 ? 0 : print_digging(frames - 1) + frame[0];
}
void dig_with_the_files_lock() { print_digging(endless); }

int dig_noexcept() noexcept { return dig<nothing>(endless); }

MOTE_RECURSES int dig_swallowing(int frames) {
  volatile char frame[200];
  frame[0] = 1;
  try {
    return frames == 0 ? 0 : dig_swallowing(frames - 1) + frame[0];
  } catch (...) {
    return frames == 0 ? 0 : dig_swallowing(frames - 1) + frame[0];
  }
}

// A frame of 200 KiB, of which the far end is touched first.
MOTE_RECURSES void take_much(std::size_t bytes) {
  auto* const block = static_cast<volatile char*>(alloca(bytes));
  __asm__ volatile("" : : "r"(block) : "memory");
  block[0] = 1;
}

struct digs_at_its_end {
  ~digs_at_its_end() { dig<nothing>(endless); }
};

// So many that they reach into the reserve, and not through it.
constexpr int default_stack_frames = (130'000 + 30'000) / 600;

// Digs when it is destroyed, as the one that was sent.
struct letter_that_digs {
  bool sent = true;
  letter_that_digs() = default;
  letter_that_digs(letter_that_digs&& from) noexcept : sent(std::exchange(from.sent, false)) {}
  letter_that_digs& operator=(letter_that_digs&&) = delete;
  ~letter_that_digs() {
    if (sent) dig<nothing>(endless);
  }
};

}  // namespace
}  // namespace mote::test

template <>
struct mote::message_traits<mote::test::letter_that_digs> {
  static constexpr bool owns_all = true;
};

namespace mote::test {
namespace {

struct overflow : ::testing::Test {
  overflow() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void own_handler(int) {
  constexpr char text[] = "the program's handler\n";
  static_cast<void>(!::write(STDERR_FILENO, text, sizeof text - 1));
  ::_exit(7);
}

// Runs each body as a process of its own; each ends by its overflow, and what they leave behind does no harm to the next.
void all_overflow(std::initializer_list<void (*)()> bodies, std::size_t max_stack = 0) {
  in_every_mode([&] {
    for (int round = 0; round < 3; ++round) {
      for (void (*const body)() : bodies) {
        spawn_options how;
        how.max_stack = max_stack;
        const reason why = news_of(spawn_monitor(how, [](std::uintptr_t run) { reinterpret_cast<void (*)()>(run)(); },
                                                 reinterpret_cast<std::uintptr_t>(body)).monitor);
        EXPECT_EQ(why.kind(), reason_kind::stack_overflow) << why;
      }
    }
  });
}

TEST_F(overflow, ends_a_process_that_calls_the_runtime_at_its_next_call) {
  all_overflow({&dig_without_end<look>, &dig_without_end<tell>, &dig_without_end<start>});
}

TEST_F(overflow, ends_a_process_that_never_calls_the_runtime) {
  all_overflow({&dig_without_end<nothing>, &dig_without_end<allocate_and_free>, &dig_without_end<format>,
                &dig_without_end<print_unbuffered>});
}

TEST_F(overflow, ends_a_process_whatever_the_size_of_its_stack) {
  for (const std::size_t max_stack : {std::size_t{64} << 10, std::size_t{1} << 20, std::size_t{4} << 20}) {
    all_overflow({&dig_without_end<nothing>, &dig_without_end<look>, &dig_without_end<allocate_and_free>}, max_stack);
  }
}

TEST_F(overflow, ends_a_process_that_came_back_from_it_unharmed) {
  all_overflow({[] { dig<nothing>(default_stack_frames); }});
}

TEST_F(overflow, destroys_what_the_frames_hold) {
  counted::alive = 0;
  all_overflow({[] { dig_with_objects<nothing>(endless); }, [] { dig_with_objects<look>(endless); },
                [] { dig_with_objects<format>(endless); }});
  EXPECT_LE(counted::alive, 0);
}

TEST_F(overflow, gives_locks_free) {
  all_overflow({&dig_with_the_mutex<print_unbuffered>, &dig_with_the_files_lock, &dig_with_the_mutex<look>});
  EXPECT_TRUE(shared_mutex.try_lock());
  shared_mutex.unlock();
  ASSERT_EQ(ftrylockfile(stderr), 0);
  funlockfile(stderr);
}

// Until none is held, or all have been looked at more often than one for which somebody hangs.
void look_long_enough() {
  const auto& watched = detail::current_core()->home.locks_left;
  for (const std::uint64_t since = watched.looks(); watched.watches() && watched.looks() < since + 60;) yield();
}

// Where the compiler sees that nothing throws it leaves out what would unlock.
TEST_F(overflow, that_leaves_a_lock_behind_ends_the_program_when_others_wait_for_it) {
  EXPECT_EXIT(mote::run([] {
                end_of(spawn(dig_with_the_mutex<nothing>));
                const std::lock_guard for_ever(shared_mutex);
              }),
              ::testing::KilledBySignal(SIGABRT), "overflowed its stack of 13[0-9]+ bytes.*held a lock for which others wait");
  EXPECT_EXIT(mote::run([] {
                end_of(spawn([] {
                  flockfile(stdin);
                  dig<nothing>(endless);
                }));
                std::thread([] { flockfile(stdin); }).join();  // its holder's thread has it already
              }),
              ::testing::KilledBySignal(SIGABRT), "held a lock for which others wait");
}

// It is waited for already when it is found.
TEST_F(overflow, that_leaves_a_lock_behind_is_known_whoever_comes_first) {
  static std::atomic<bool> holds;
  holds = false;
  EXPECT_EXIT(mote::run([] {
                std::thread first([] {
                  while (!holds) std::this_thread::yield();
                  shared_mutex.lock();
                });
                end_of(spawn([] {
                  const std::lock_guard hold(shared_mutex);
                  holds = true;
                  while (*reinterpret_cast<volatile int*>(shared_mutex.native_handle()) != 2) {
                  }
                  dig<nothing>(endless);
                }));
                first.join();
              }),
              ::testing::KilledBySignal(SIGABRT), "held a lock for which others wait");
}

// Its holder runs on the same thread, gives it free only for a moment, holds it whenever it is not running, and is waited for.
TEST_F(overflow, is_not_blamed_for_a_lock_that_another_holds_over_a_switch) {
  static std::atomic<bool> enough;
  static std::atomic<int> times_had;
  for (const mode& how : {mode{1, {}}, mode{1, 7}}) {
    enough = false;
    times_had = 0;
    std::thread waits([] {
      while (!enough) {
        const std::lock_guard hold(shared_mutex);
        ++times_had;
      }
    });
    in_mode(how, [] {
      const ref holder = spawn_monitor([] {
                           while (!enough) {
                             const std::lock_guard hold(shared_mutex);
                             yield();
                           }
                         }).monitor;
      yield();
      for (int round = 0; round < 20; ++round) EXPECT_EQ(outcome(dig_without_end<format>).kind(), reason_kind::stack_overflow);
      look_long_enough();
      enough = true;
      EXPECT_FALSE(news_of(holder));
    });
    waits.join();
    EXPECT_GT(times_had, 0);
  }
}

// A pid in memory, with the index that is the thread's number, looks like a lock.
TEST_F(overflow, is_not_blamed_for_what_only_looks_like_a_lock) {
  in_mode({1, {}}, [] {
    static std::array<std::uint32_t, 16> looks;
    looks = {1, 0, static_cast<std::uint32_t>(::gettid()), 1};
    __asm__ volatile("" : : "r"(looks.data()) : "memory");
    ASSERT_EQ(detail::locks_held(detail::lock_holder::here(), {}).value().size(), 1u);
    EXPECT_EQ(outcome(dig_without_end<format>).kind(), reason_kind::stack_overflow);
    look_long_enough();
    EXPECT_TRUE(detail::current_core()->home.locks_left.watches());
  });
}

TEST_F(overflow, ends_a_process_below_a_noexcept_frame) {
  all_overflow({[] { dig_noexcept(); }});
}

TEST_F(overflow, ends_a_process_that_swallows_every_exception) {
  all_overflow({[] { dig_swallowing(endless); }, [] {
                  for (;;) {
                    try {
                      dig<nothing>(endless);
                    } catch (...) {
                    }
                  }
                }});
}

TEST_F(overflow, by_a_large_frame_is_one_like_any_other) {
  all_overflow({[] { take_much(200 * 1024); }, [] { take_much(1 << 20); }});
}

TEST_F(overflow, in_a_destructor_ends_the_process) {
  all_overflow({[] { const digs_at_its_end last; },
                [] {
                  const digs_at_its_end last;
                  throw std::runtime_error("on the way");
                }});
}

struct digger_server {
  int handle_call(const std::string&) { return dig<nothing>(endless); }
};

TEST_F(overflow, in_a_servers_handler_ends_the_server_and_tells_the_caller) {
  in_every_mode([] {
    const server<digger_server> one = mote::start<digger_server>();
    const ref watch = monitor(one.id());
    try {
      call(one, std::string("dig"));
      ADD_FAILURE() << "an answer";
    } catch (const no_reply& none) {
      EXPECT_EQ(none.why().kind(), reason_kind::stack_overflow);
    }
    EXPECT_EQ(news_of(watch).kind(), reason_kind::stack_overflow);
  });
}

TEST_F(overflow, in_the_first_process_is_the_programs_failure) {
  crash_log crashes;
  options given;
  given.on_crash = [&crashes](const crash_report& report) { crashes.add(report); };
  EXPECT_EQ(mote::run([] { dig<nothing>(endless); }, given), 1);
  ASSERT_EQ(crashes.all().size(), 1u);
  EXPECT_EQ(crashes.all()[0].why.kind(), reason_kind::stack_overflow);
}

TEST_F(overflow, is_told_to_links_and_monitors_and_in_a_report) {
  crash_log crashes;
  in_mode({1, {}}, [] {
    trap_exit(true);
    spawn_options how;
    how.name = "miner";
    const pid child = spawn_link(how, dig_without_end<nothing>);
    EXPECT_EQ(receive<exited>().why.kind(), reason_kind::stack_overflow);
    static_cast<void>(child);
  }, {}, crashes);
  ASSERT_EQ(crashes.all().size(), 1u);
  const crash_report seen = crashes.all()[0];
  EXPECT_EQ(seen.name, "miner");
  EXPECT_EQ(seen.label, "digger");
  EXPECT_NE(seen.why.text().find("in int mote::test::(anonymous namespace)::dig<"), std::string_view::npos) << seen.why;
  EXPECT_NE(seen.why.text().find("262144"), std::string_view::npos) << seen.why;
  EXPECT_NE(seen.why.text().find("spawn_options::max_stack"), std::string_view::npos) << seen.why;
}

// Both are on their way down before either may go on.
TEST_F(overflow, may_happen_on_two_schedulers_at_once) {
  static std::atomic<int> ready{0};
  in_mode({2, {}}, [] {
    for (int round = 0; round < 50; ++round) {
      ready = 0;
      std::vector<ref> watches;
      for (unsigned where : {0u, 1u}) {
        spawn_options how;
        how.scheduler = where;
        watches.push_back(spawn_monitor(how, [] {
          ++ready;
          while (ready < 2) {}
          dig<allocate_and_free>(endless);
        }).monitor);
      }
      for (const ref each : watches) EXPECT_EQ(news_of(each).kind(), reason_kind::stack_overflow);
    }
  });
}

// It has lost its scheduler to another thread when it overflows: that one has run somebody meanwhile.
TEST_F(overflow, ends_a_process_that_has_no_scheduler_any_more) {
  static std::atomic<bool> others_run{false};
  in_mode({1, {}}, [] {
    for (void (*const body)() : {&dig_without_end<nothing>, &dig_without_end<look>, &dig_without_end<format>}) {
      others_run = false;
      const ref watch = spawn_monitor([](std::uintptr_t run) {
                          while (!others_run) {}
                          reinterpret_cast<void (*)()>(run)();
                        }, reinterpret_cast<std::uintptr_t>(body)).monitor;
      spawn([] { others_run = true; });
      EXPECT_EQ(news_of(watch).kind(), reason_kind::stack_overflow);
    }
  });
}

// A stack whose reserve was opened is closed before another has it: that one finds its own reserve.
TEST_F(overflow, leaves_the_next_user_of_the_stack_a_whole_one) {
  in_mode({1, {}}, [] {
    for (int round = 0; round < 200; ++round) {
      const reason why = outcome(dig_without_end<look>);
      ASSERT_EQ(why.kind(), reason_kind::stack_overflow);
    }
  });
}

TEST_F(overflow, of_a_destructor_in_nobodys_name_is_reported_and_ends_the_program) {
  EXPECT_EXIT(mote::run([] {
                const pid gone = spawn([] {});
                end_of(gone);
                send(gone, letter_that_digs{});
              }),
              ::testing::KilledBySignal(SIGABRT), "overflowed its stack of 13[0-9]+ bytes.*cannot be ended");
}

TEST_F(overflow, takes_its_course_where_the_option_is_off) {
  options given;
  given.catch_stack_overflow = false;
  EXPECT_EXIT(mote::run([] { dig_without_end<nothing>(); }, given), ::testing::KilledBySignal(SIGSEGV), "^$");
}

TEST_F(overflow, does_not_reach_the_programs_own_handler) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, &own_handler);
        mote::run([] { end_of(spawn(dig_without_end<nothing>)); });
        std::exit(5);
      },
      ::testing::ExitedWithCode(5), "ended: stack_overflow");
}

// A fault that is no overflow goes to whom it would have gone to.
TEST_F(overflow, is_not_what_a_wild_write_is_called) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, &own_handler);
        mote::run([] {
          int* volatile wild = reinterpret_cast<int*>(std::uintptr_t{16});
          *wild = 1;
        });
      },
      ::testing::ExitedWithCode(7), "^the program's handler");
}

TEST_F(overflow, is_not_what_a_write_far_below_the_stack_is_called) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, &own_handler);
        mote::run([] {
          volatile char here = 0;
          auto* volatile wild = reinterpret_cast<volatile char*>(reinterpret_cast<std::uintptr_t>(&here) - 150 * 1024);
          *wild = here;
        });
      },
      ::testing::ExitedWithCode(7), "^the program's handler");
}

TEST_F(overflow, leaves_signals_that_were_sent_to_whom_they_are_for) {
  EXPECT_EXIT(mote::run([] { std::raise(SIGSEGV); }), ::testing::KilledBySignal(SIGSEGV), "^$");
  EXPECT_EXIT(
      {
        std::signal(SIGBUS, SIG_IGN);
        mote::run([] { std::raise(SIGBUS); });
        std::exit(5);
      },
      ::testing::ExitedWithCode(5), "^$");
}

}  // namespace
}  // namespace mote::test

#endif
