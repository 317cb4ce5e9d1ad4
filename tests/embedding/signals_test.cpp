// A host that wants to end its runtime because of a signal: how it is done, and what is told to one that does it in the handler.
#include "tests/embedding/hosted.hpp"

#include <csignal>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace mote::test {
namespace {

runtime* only = nullptr;

void shut_down_in_the_handler(int) { only->shutdown(); }

/// A message that raises a signal where it is dropped.
class raises_when_dropped {
 public:
  explicit raises_when_dropped(int number) noexcept : number_(number) {}
  raises_when_dropped(raises_when_dropped&& from) noexcept : number_(std::exchange(from.number_, 0)) {}
  raises_when_dropped& operator=(raises_when_dropped&&) = delete;
  ~raises_when_dropped() {
    if (number_ != 0) ::raise(number_);
  }

 private:
  int number_;
};

}  // namespace
}  // namespace mote::test

template <>
struct mote::message_traits<mote::test::raises_when_dropped> {
  static constexpr bool owns_all = true;
};

namespace mote::test {
namespace {

void shuts_down_amid_a_send() {
  runtime rt(small());
  only = &rt;
  std::signal(SIGUSR1, &shut_down_in_the_handler);
  const pid gone = rt.call([] { return self(); });
  rt.send(gone, raises_when_dropped(SIGUSR1));
}

TEST(shutdown_by_signal, that_interrupts_a_call_of_the_same_thread_says_so_and_aborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(shuts_down_amid_a_send(), "shutdown was called by a signal handler that has interrupted this thread");
}

int written_to = -1;
void write_to_a_descriptor(int) { static_cast<void>(!::write(written_to, "s", 1)); }

TEST(shutdown_by_signal, is_done_by_a_handler_that_writes_to_a_descriptor) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  written_to = ends[1];
  void (*const before)(int) = std::signal(SIGUSR1, &write_to_a_descriptor);
  {
    runtime rt(small());
    const pid waiter = rt.spawn(wait_for_ever);
    ::kill(::getpid(), SIGUSR1);
    char byte = 0;
    while (::read(ends[0], &byte, 1) < 0) {
    }
    EXPECT_EQ(byte, 's');
    EXPECT_TRUE(rt.shutdown().empty());
    EXPECT_FALSE(rt.info(waiter).has_value());
  }
  std::signal(SIGUSR1, before);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(shutdown_by_signal, is_done_by_who_takes_it_from_a_signalfd) {
  sigset_t one, before;
  ::sigemptyset(&one);
  ::sigaddset(&one, SIGUSR1);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &one, &before), 0);
  const int signals = ::signalfd(-1, &one, SFD_CLOEXEC);
  ASSERT_GE(signals, 0);
  {
    runtime rt(small());
    rt.spawn(wait_for_ever);
    ::kill(::getpid(), SIGUSR1);
    signalfd_siginfo taken{};
    ASSERT_EQ(::read(signals, &taken, sizeof taken), static_cast<ssize_t>(sizeof taken));
    EXPECT_EQ(taken.ssi_signo, static_cast<std::uint32_t>(SIGUSR1));
    EXPECT_TRUE(rt.shutdown().empty());
  }
  ::close(signals);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace mote::test
