// OS processes that do not keep to what is agreed: one that sends what it likes over its channel, closes it, or floods the
// program. It is lost alone, and nothing of it is left.
#include "tests/worker/os_processes.hpp"

#include <cstdlib>
#include <sys/socket.h>

namespace {

using namespace mote::test;
using namespace std::chrono_literals;

/// In an OS process: its end of the channel to the program.
int own_channel() {
  for (int number = 3; number < 1024; ++number) {
    int type = 0;
    socklen_t size = sizeof(type);
    if (::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET) return number;
  }
  std::abort();
}

/// Runs the body beside an isolated bystander, which answers afterwards, and with all descriptors back.
template <class Body>
void beside_a_bystander(Body body, const mote::options& given = {}) {
  on_schedulers([&] {
    const mote::pid bystander = mote::spawn(mote::isolated, [] {
      for (;;) mote::receive([](mote::reply_to from, int number) { mote::reply(from, number + 1); });
    });
    EXPECT_EQ(mote::receive_reply<int>(mote::request(bystander, 1)), 2);
    const std::size_t before = open_descriptors().size();
    body();
    EXPECT_EQ(open_descriptors().size(), before);
    EXPECT_EQ(mote::receive_reply<int>(mote::request(bystander, 2)), 3);
  }, given);
}

TEST(hostile_os_process, that_sends_packets_of_no_meaning_is_lost) {
  beside_a_bystander([] {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      const mote::monitored there = mote::spawn_monitor(
          mote::isolated,
          [](mote::pid to, unsigned random) {
            mote::send(to, static_cast<int>(::getpid()));
            const int channel = own_channel();
            for (int i = 0; i < 50; ++i) {
              unsigned char packet[512];
              for (unsigned char& each : packet) each = static_cast<unsigned char>((random = random * 1664525 + 1013904223) >> 24);
              static_cast<void>(::send(channel, packet, 1 + (random >> 8) % sizeof(packet), MSG_NOSIGNAL));
            }
            wait_for_ever();
          },
          mote::self(), seed);
      const int number = mote::receive<int>();
      const mote::reason why = news_of(there.monitor);
      EXPECT_EQ(why.kind(), mote::reason_kind::lost) << "seed " << seed;
      EXPECT_NE(why.text().find("mote::decoder: "), std::string::npos) << why;
      until_gone(number);
    }
  });
}

/// One that is lost waits no longer for its end.
mote::options hasty() {
  mote::options given;
  given.shutdown_deadline = 50ms;
  return given;
}

TEST(hostile_os_process, that_closes_its_channel_and_stays_is_lost_and_killed) {
  beside_a_bystander([] {
    const started there = start([] {
      ::shutdown(own_channel(), SHUT_RDWR);
      ::raise(SIGSTOP);  // none of its threads hears of that
    });
    EXPECT_EQ(news_of(there.monitor), mote::reason(mote::reason_kind::lost, "it has closed its channel"));
    until_gone(there.number);
  }, hasty());
}

TEST(hostile_os_process, that_closes_its_channel_and_computes_is_ended) {
  beside_a_bystander([] {
    const started there = start([] {
      ::shutdown(own_channel(), SHUT_RDWR);
      for (volatile bool on = true; on;) {
      }
    });
    const mote::reason why = news_of(there.monitor);  // its own gate may be the first to notice
    EXPECT_TRUE(why.kind() == mote::reason_kind::lost || why.kind() == mote::reason_kind::exit_code) << why;
    until_gone(there.number);
  }, hasty());
}

#ifdef MOTE_SANITIZED
constexpr int flood = 50'000;
#else
constexpr int flood = 1'000'000;
#endif

struct counted {
  int messages, wrong;
};

TEST(hostile_os_process, that_floods_a_slow_receiver_ends_nobody) {
  beside_a_bystander([] {
    const mote::pid slow = mote::spawn([](mote::pid judge) {
      counted all{0, 0};
      while (all.messages < flood) {
        if (mote::receive<int>() != all.messages) ++all.wrong;
        if (++all.messages % 100 == 0) mote::yield();
      }
      mote::send(judge, all);
    }, mote::self());
    const mote::monitored there = mote::spawn_monitor(mote::isolated, [](mote::pid to) {
      for (int i = 0; i < flood; ++i) mote::send(to, i);
    }, slow);
    const counted all = mote::receive<counted>();
    EXPECT_EQ(all.messages, flood);
    EXPECT_EQ(all.wrong, 0);
    EXPECT_EQ(news_of(there.monitor), mote::reason::normal);
  });
}

}  // namespace
