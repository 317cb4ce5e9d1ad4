// A user's code that the runtime runs for itself: destructors of what it drops, and on_crash. It may use the runtime, in the
// name of a process that has ended; it never waits, and nothing that the runtime was about is disturbed.
#include "tests/in_process.hpp"

#include <atomic>
#include <functional>
#include <stdexcept>
#include <utility>

namespace mote::test {
namespace {

struct told {};

/// What its destructor does, once.
class last_words {
 public:
  explicit last_words(std::function<void()> words) : words_(std::move(words)) {}
  last_words(const last_words&) = delete;
  last_words(last_words&& other) noexcept : words_(std::exchange(other.words_, nullptr)) {}
  ~last_words() {
    if (words_) words_();
  }

 private:
  std::function<void()> words_;
};

}  // namespace
}  // namespace mote::test

template <>
struct mote::message_traits<mote::test::last_words> {
  static constexpr bool owns_all = true;
};

namespace mote::test {
namespace {

using namespace std::chrono_literals;

last_words telling(pid whom) {
  return last_words([whom] {
    for (int i = 0; i < 10; ++i) send(whom, told{});  // to the dead too: what is dropped may drop
  });
}

void expect_told() {
  for (int i = 0; i < 10; ++i) receive<told>();
}

pid a_dead_one() {
  const auto [dead, watch] = spawn_monitor([] {});
  EXPECT_EQ(news_of(watch), reason::normal);
  return dead;
}

TEST(user_code, of_a_message_to_the_dead_may_send) {
  in_every_mode([] {
    send(a_dead_one(), telling(self()));
    expect_told();
    send_after(1ns, a_dead_one(), telling(self()));
    expect_told();
    EXPECT_EQ(try_send(a_dead_one(), telling(a_dead_one())), send_result::no_process);
  });
}

TEST(user_code, of_messages_left_in_a_mailbox_may_send) {
  in_every_mode([] {
    const pid child = spawn([] { receive<int>(); });
    send(child, telling(self()));
    send(child, 1);
    expect_told();
  });
}

TEST(user_code, of_arguments_never_used_may_send) {
  in_mode({1, {}}, [] {  // where the child does not run before it is killed
    const pid child = spawn([](last_words) {}, telling(self()));
    kill(child);
    expect_told();
    register_name("taken", self());
    EXPECT_THROW(spawn({.name = "taken"}, [](last_words) {}, telling(self())), usage_error);
    expect_told();
  });
}

TEST(user_code, of_locals_may_send_however_their_process_ends) {
  struct farewell {
    pid whom;
    ~farewell() {
      if (whom) send(whom, told{});
    }
  };
  in_every_mode([] {
    for (const bool abandoned : {false, true}) {
      spawn(
          [](pid whom, bool stay) {
            static const process_local<farewell> last{pid()};
            last->whom = whom;
            while (stay) {
              try {
                kill(self());
                yield();
              } catch (...) {
              }
            }
          },
          self(), abandoned);
      receive<told>();
    }
  });
}

TEST(user_code, of_a_reasons_value_may_send) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([](pid whom) { exit(reason::with(telling(whom))); }, self());
    EXPECT_EQ(news_of(watch).kind(), reason_kind::custom);
    expect_told();
  });
}

TEST(user_code, of_on_crash_may_send_and_what_it_throws_is_survived) {
  for (const mode& how : every_mode()) {
    std::atomic<int> reports{0};
    pid first;
    options given = with(how);
    given.on_crash = [&](const crash_report&) {
      send(first, told{});
      EXPECT_THROW(receive<int>(), usage_error);
      if (reports.fetch_add(1) == 0) throw std::runtime_error("not now");
    };
    const auto body = [&] {
      first = self();
      for (int i = 0; i < 3; ++i) {
        spawn([] { throw std::runtime_error("why"); });
        receive<told>();
      }
      until([] { return processes().size() == 1; });
    };
    EXPECT_EQ(mote::run(body, given), 0);
    EXPECT_EQ(reports.load(), 3);
  }
}

// It is nobody, to whom nothing can come: what waits says so or returns, what gives way does not.
TEST(user_code, runs_in_nobodys_name_and_never_waits) {
  in_every_mode([] {
    const pid whom = self();
    send(a_dead_one(), last_words([whom] {
           EXPECT_FALSE(self());
           EXPECT_THROW(receive<int>(), usage_error);
           EXPECT_FALSE(receive<int>(1h).has_value());
           EXPECT_THROW(receive_reply<int>(request(whom, 1)), usage_error);
           sleep_for(1h);
           yield();
           checkpoint();
           pin_to_scheduler(0);
           EXPECT_THROW(exit(reason::shutdown), usage_error);
           send(whom, told{});
         }));
    receive<told>();
    EXPECT_EQ(receive([](reply_to, int asked) { return asked; }), 1);
    EXPECT_TRUE(self());
  });
}

TEST(user_code, spawns_and_ties_that_end_as_if_tied_to_the_dead) {
  in_every_mode([] {
    const pid whom = self();
    send(a_dead_one(), last_words([whom] {
           spawn_link({.trap_exit = true}, [](pid teller) { send(teller, receive<exited>().why); }, whom);
           monitor(whom);
           static_cast<void>(make_alias());
           static const process_local<int> own{7};
           EXPECT_EQ(*own, 7);
           spawn([](pid teller) { send(teller, told{}); }, whom);
         }));
    EXPECT_EQ(receive<reason>(), reason::noproc);
    receive<told>();
    until([] { return processes().size() == 1; });
  });
}

TEST(user_code, of_what_is_left_at_the_very_end_may_do_all_that) {
  for (const mode& how : every_mode()) {
    std::atomic<int> words{0};
    const auto body = [&] {
      const pid dead = a_dead_one();
      send_after(1h, dead, last_words([&words, dead] {
                   ++words;
                   send(dead, last_words([&words] { ++words; }));
                   send_after(1h, dead, last_words([&words] { ++words; }));
                   spawn([](last_words) {}, last_words([&words] { ++words; }));
                 }));
    };
    EXPECT_EQ(mote::run(body, with(how)), 0);
    EXPECT_EQ(words.load(), 4);
  }
}

}  // namespace
}  // namespace mote::test
