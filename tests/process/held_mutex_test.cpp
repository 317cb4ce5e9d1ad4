// The check that no mutex is held over a call that lets others run: there in builds that ask for it, the presets debug and
// asan.
#if defined(MOTE_CHECK_MUTEXES)

#include "tests/in_process.hpp"

#include <mutex>
#include <shared_mutex>
#include <string>

namespace mote::test {
namespace {

// What a run of this function as a process leaves on stderr. Time is virtual, so that the shortest wait is one.
template <class Function>
std::string report_of(Function function) {
  ::testing::internal::CaptureStderr();
  const int result = mote::run([&] { outcome(function); }, with({1, 1}));
  std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(result, 0);
  return text;
}

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

std::mutex plain;
std::recursive_mutex recursive;
std::shared_mutex shared;

TEST(held_mutex, is_reported_with_pid_label_and_call_when_the_holder_waits) {
  const std::string text = report_of([] {
    set_label("careless");
    const std::lock_guard hold(plain);
    receive<int>(std::chrono::microseconds(1));
  });
  EXPECT_NE(text.find("mote: process <"), text.npos) << text;
  EXPECT_NE(text.find("(careless) holds 1 mutex over mote::receive"), text.npos) << text;
}

TEST(held_mutex, is_no_matter_once_it_is_released) {
  EXPECT_EQ(report_of([] {
              { const std::lock_guard hold(plain); }
              EXPECT_TRUE(shared.try_lock());
              EXPECT_FALSE(shared.try_lock_shared());  // a try that fails takes nothing
              shared.unlock();
              receive<int>(std::chrono::microseconds(1));
              sleep_for(std::chrono::microseconds(1));
            }),
            "");
}

TEST(held_mutex, is_no_matter_while_nobody_else_can_run) {
  EXPECT_EQ(report_of([] {
              const std::lock_guard hold(plain);
              send(self(), 1);
              EXPECT_EQ(receive<int>(), 1);
            }),
            "");
}

TEST(held_mutex, counts_recursive_and_shared_ones_and_each_locking) {
  const std::string text = report_of([] {
    const std::lock_guard first(recursive);
    const std::lock_guard second(recursive);
    const std::shared_lock third(shared);
    sleep_for(std::chrono::microseconds(1));
  });
  EXPECT_NE(text.find("holds 3 mutexes over mote::sleep_for"), text.npos) << text;
}

TEST(held_mutex, is_reported_once_a_process) {
  const std::string text = report_of([] {
    const std::lock_guard hold(plain);
    for (int i = 0; i < 3; ++i) sleep_for(std::chrono::microseconds(1));
  });
  EXPECT_EQ(times(text, "holds 1 mutex"), 1u) << text;
}

// What the holder left behind is not laid at the door of whoever runs next, nor lost when it goes on.
TEST(held_mutex, is_its_holders_alone) {
  const std::string text = report_of([] {
    const pid other = spawn_link([] {
      set_label("innocent");
      for (;;) receive([](pid asker) { send(asker, 1); });
    });
    set_label("holder");
    std::unique_lock hold(plain);
    send(other, self());
    receive<int>();
    hold.unlock();
    send(other, self());
    receive<int>();
    hold.lock();
    hold.unlock();
    unlink(other);
    kill(other);
  });
  EXPECT_EQ(times(text, "holds 1 mutex"), 1u) << text;
  EXPECT_EQ(times(text, "innocent"), 0u) << text;
}

// A process that ends with a mutex locked says nothing for the next one on its stack.
TEST(held_mutex, does_not_outlive_its_process) {
  static std::mutex never_released;
  const std::string text = report_of([] {
    outcome([] { never_released.lock(); });
    outcome([] { sleep_for(std::chrono::microseconds(1)); });
  });
  EXPECT_EQ(text, "");
  never_released.unlock();
}

}  // namespace
}  // namespace mote::test

#endif
