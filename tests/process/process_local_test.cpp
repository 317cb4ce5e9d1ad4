// process_local: to a process what thread_local is to a thread.
#include "tests/in_process.hpp"

#include <stdexcept>

namespace mote::test {
namespace {

struct go {};

process_local<int> depth{7};
process_local<std::string> text{"initial"};

TEST(process_local, starts_in_each_process_with_the_initial_value) {
  in_every_mode([] {
    EXPECT_EQ(*depth, 7);
    *depth = 1;
    text->append(" and more");
    EXPECT_EQ(outcome([] {
                if (*depth != 7 || text.get() != "initial") exit(reason::error("not its own"));
                *depth = 2;
              }),
              reason::normal);
    EXPECT_EQ(*depth, 1);
    EXPECT_EQ(text.get(), "initial and more");
  });
}

TEST(process_local, stays_with_its_process_over_every_switch) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (int i = 0; i < 50; ++i) {
      watches.push_back(spawn_monitor(
                            [](int number) {
                              *depth = number;
                              text.get() = std::to_string(number);
                              int* const place = &depth.get();
                              for (int turn = 0; turn < 20; ++turn) {
                                yield();
                                if (*depth != number || *text != std::to_string(number) || &depth.get() != place) {
                                  exit(reason::error("mixed up"));
                                }
                              }
                            },
                            i)
                            .monitor);
    }
    for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
  });
}

struct ended {
  int which;
};

// Tells when it is destroyed; a copy of the initial value has nobody to tell yet.
struct teller {
  pid to;
  int which = 0;
  ~teller() {
    if (to) send(to, ended{which});
  }
};

process_local<teller> first{}, second{}, third{};

TEST(process_local, is_destroyed_at_the_end_in_reverse_order_of_making) {
  in_every_mode([] {
    for (int way = 0; way < 3; ++way) {
      const auto [child, watch] = spawn_monitor(
          [](pid to, int how) {
            second->to = first->to = to;  // the right side is made first
            first->which = 1;
            second->which = 2;
            if (how == 1) exit(reason::timeout);
            if (how == 2) throw std::runtime_error("out");
          },
          self(), way);
      news_of(watch);
      EXPECT_EQ(receive<ended>().which, 2);
      EXPECT_EQ(receive<ended>().which, 1);
      EXPECT_TRUE(none_left<ended>());
    }
  });
}

TEST(process_local, is_destroyed_while_the_process_can_still_send_and_receive_and_after_its_stack) {
  struct on_stack {
    pid to;
    ~on_stack() { send(to, ended{0}); }
  };
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          third->to = to;
          third->which = 3;
          const on_stack last{to};
        },
        self());
    EXPECT_EQ(receive<ended>().which, 0);
    EXPECT_EQ(receive<ended>().which, 3);
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

process_local<teller> chatty{};

TEST(process_local, is_destroyed_when_the_stack_is_discarded_and_can_send_then) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (int i = 0; i < 20; ++i) {
      watches.push_back(spawn_monitor(
                            [](pid to) {
                              chatty->to = to;
                              std::terminate();
                            },
                            self())
                            .monitor);
    }
    for (const ref watch : watches) EXPECT_EQ(news_of(watch).kind(), reason_kind::error);
    for (int i = 0; i < 20; ++i) receive<ended>();
    EXPECT_TRUE(none_left<ended>());
  });
}

TEST(process_local, can_be_made_by_the_destructor_of_another) {
  struct maker {
    bool used = false;
    ~maker() {
      if (used) *depth += 1;
    }
  };
  static process_local<maker> at_the_end;
  in_every_mode([] { EXPECT_EQ(outcome([] { at_the_end->used = true; }), reason::normal); });
}

process_local<bool> allowed{false};

struct fussy {
  fussy() = default;
  fussy(const fussy&) {
    if (!*allowed) throw std::runtime_error("not yet");
  }
};
process_local<fussy> hard_to_make;

TEST(process_local, whose_making_throws_can_be_made_later) {
  in_every_mode([] {
    EXPECT_THROW(hard_to_make.get(), std::runtime_error);
    *allowed = true;
    EXPECT_NO_THROW(hard_to_make.get());
  });
}

}  // namespace
}  // namespace mote::test
