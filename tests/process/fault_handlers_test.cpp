// The handlers of faults belong to the program again when the runtime has ended, and at once where it installs its own.
#include "tests/in_process.hpp"

#include <csignal>

namespace mote::test {
namespace {

// The address that SIGSEGV's handler is, as the system tells it.
void* segv_handler() {
  struct sigaction now {};
  EXPECT_EQ(::sigaction(SIGSEGV, nullptr, &now), 0);
  return reinterpret_cast<void*>(now.sa_handler);
}

void programs_own(int) {}

TEST(fault_handlers, are_the_programs_own_again_after_the_run) {
  void* const before = segv_handler();
  void* during = nullptr;
  mote::run([&during] { during = segv_handler(); });
  EXPECT_NE(during, before);
  EXPECT_EQ(segv_handler(), before);
}

// A handler that the program installs meanwhile stays.
TEST(fault_handlers, stay_when_they_came_later) {
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGBUS, nullptr, &before), 0);
  mote::run([] { std::signal(SIGBUS, &programs_own); });
  struct sigaction after {};
  ASSERT_EQ(::sigaction(SIGBUS, &before, &after), 0);
  EXPECT_EQ(reinterpret_cast<void*>(after.sa_handler), reinterpret_cast<void*>(&programs_own));
}

}  // namespace
}  // namespace mote::test
