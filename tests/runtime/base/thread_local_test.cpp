#include "runtime/base/thread_local.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace mote::detail {
namespace {

struct spot {
  int name;
};

}  // namespace

MOTE_THREAD_POINTER(spot, test_place)

namespace {

TEST(thread_pointer, is_nullptr_until_set) {
  const spot* seen = nullptr;
  std::thread([&] { seen = test_place(); }).join();
  EXPECT_EQ(seen, nullptr);
}

TEST(thread_pointer, belongs_to_its_thread) {
  spot mine{1};
  spot theirs{2};
  set_test_place(&mine);
  int seen = 0;
  std::thread([&] {
    set_test_place(&theirs);
    seen = test_place()->name;
  }).join();
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(test_place(), &mine);
  set_test_place(nullptr);
}

// That it is right after a context has moved to another thread is tests/migration's matter.
TEST(thread_pointer, is_read_anew_each_time) {
  spot first{1};
  spot second{2};
  set_test_place(&first);
  EXPECT_EQ(test_place()->name, 1);
  set_test_place(&second);
  EXPECT_EQ(test_place()->name, 2);
  set_test_place(nullptr);
}

}  // namespace
}  // namespace mote::detail
