// Aliases, and what is on its way by one that is withdrawn.
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

TEST(unalias, leaves_what_is_in_the_mailbox) {
  in_every_mode([] {
    const alias name = make_alias();
    send(name, 7);
    EXPECT_TRUE(unalias(name));
    send(name, 8);
    EXPECT_EQ(receive<int>(std::chrono::nanoseconds(0)), 7);
    EXPECT_TRUE(none_left<int>());
  });
}

}  // namespace
}  // namespace mote::test
