// The claims of mailbox/inbox.hpp under all short interleavings.
#include <gtest/gtest.h>

#include <vector>

#include "mailbox/inbox.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

/// The envelope's link and bytes, races on which are found.
struct letter {
  struct link {
    model::data<letter*> to;
    link& operator=(letter* other) {
      to.write(other);
      return *this;
    }
    operator letter*() const { return to.read(); }
  };
  link next;
  model::data<int> bytes;
};

/// A process as the inbox sees it: what it saves before it sleeps, what a waker hands to it, and where it sleeps.
struct process {
  inbox<letter> box;
  model::data<int> context;
  model::data<letter*> handed{nullptr};
  model::parker bed;
  std::vector<int> received;

  /// What a waker does, who owns the sleeping process until it is ready.
  void wake(letter* mail) {
    context.write(context.read() + 1);
    handed.write(mail);
    bed.unpark();
  }
  pushed send(letter& mail, int bytes, bool urgent = false) {
    mail.bytes.write(bytes);
    std::uint64_t load = 0;
    const pushed how = box.push(&mail, 1, urgent, load);
    if (how == pushed::woke) wake(&mail);
    if (how == pushed::woke_linked) wake(nullptr);
    return how;
  }
  pushed nudge() {
    const pushed how = box.nudge();
    if (how == pushed::woke_linked) wake(nullptr);
    return how;
  }
  /// Owner. Reads what was drained, oldest first.
  void read(const letter* newest) {
    std::vector<int> backwards;
    for (; newest != nullptr; newest = newest->next.to.read()) backwards.push_back(newest->bytes.read());
    received.insert(received.end(), backwards.rbegin(), backwards.rend());
  }
  /// Owner. False: there was something to wake for.
  bool sleep(bool deaf = false) {
    context.write(1);
    if (!box.try_sleep(deaf)) return false;
    bed.park();
    if (const letter* const mail = handed.read()) received.push_back(mail->bytes.read());  // I3: before all others
    return true;
  }
  /// Owner. Drains and sleeps until it has got so many letters.
  void receive(std::size_t wanted) {
    for (;;) {
      read(box.take_all().newest);
      if (received.size() >= wanted) return;
      sleep();
    }
  }
};

bool is_wake(pushed how) { return how == pushed::woke || how == pushed::woke_linked; }

// I2. A borrower puts the sleeper back to sleep, or, where mail has come meanwhile, makes it ready: the letter is received, the
// owner wakes once, and the borrower's writes are seen.
TEST(inbox_model, a_borrowed_sleeper_misses_no_mail) {
  for (const bool deaf : {false, true}) {
    model::explore([deaf](model::world& world) {
      process owner;
      letter mail;
      world.together(
          [&] {
            while (owner.received.empty()) {
              owner.read(owner.box.take_all().newest);
              if (owner.received.empty()) owner.sleep(deaf);
            }
          },
          [&] { owner.send(mail, 7, true); },
          [&] {
            bool slept_deaf = !deaf;
            if (!owner.box.borrow(slept_deaf)) return;
            EXPECT_EQ(slept_deaf, deaf);
            owner.context.write(owner.context.read() + 1);
            if (!owner.box.try_sleep(slept_deaf)) owner.wake(nullptr);
          });
      EXPECT_EQ(owner.received, std::vector<int>{7});
    });
  }
}

// I2. Two senders race for one sleeping owner; whatever the interleaving, one of them wakes it.
TEST(inbox_model, one_sleep_is_ended_by_exactly_one_sender) {
  model::explore([](model::world& world) {
    process owner;
    letter a, b;
    ASSERT_TRUE(owner.box.try_sleep(false));
    pushed first{}, second{};
    world.together([&] { first = owner.send(a, 1); }, [&] { second = owner.send(b, 2); });
    EXPECT_NE(is_wake(first), is_wake(second));
  });
}

// I2 with a nudge for one of them.
TEST(inbox_model, one_sleep_is_ended_by_a_sender_or_a_nudge) {
  model::explore([](model::world& world) {
    process owner;
    letter a;
    ASSERT_TRUE(owner.box.try_sleep(false));
    pushed first{}, second{};
    world.together([&] { first = owner.send(a, 1); }, [&] { second = owner.nudge(); });
    EXPECT_NE(is_wake(first), is_wake(second));
  });
}

// I1 I2 O1 O2. No letter is lost, none comes twice, and no sleep goes on for ever.
TEST(inbox_model, the_owner_gets_the_mail_of_two_senders) {
  model::explore([](model::world& world) {
    process owner;
    letter a, b;
    world.together([&] { owner.receive(2); }, [&] { owner.send(a, 1); }, [&] { owner.send(b, 2); });
    ASSERT_EQ(owner.received.size(), 2u);
    EXPECT_EQ(owner.received[0] + owner.received[1], 3);
  });
}

// I3.
TEST(inbox_model, one_senders_mail_arrives_in_the_order_sent) {
  model::explore([](model::world& world) {
    process owner;
    letter a, b, c;
    world.together([&] { owner.receive(3); },
                   [&] {
                     owner.send(a, 1);
                     owner.send(b, 2);
                     owner.send(c, 3);
                   });
    EXPECT_EQ(owner.received, (std::vector<int>{1, 2, 3}));
  });
}

// A nudge reaches the owner whether it comes before, during or after the way to sleep.
TEST(inbox_model, no_nudge_is_lost) {
  model::explore([](model::world& world) {
    process owner;
    model::data<int> wish;
    pushed how{};
    world.together(
        [&] {
          while (!owner.sleep() && (owner.box.take_all().high & inbox_flags::nudged) == 0) continue;
        },
        [&] { how = owner.nudge(); });
    EXPECT_TRUE(how == pushed::woke_linked || how == pushed::queued);
  });
}

// O1 for nudges: who finds the flag sees what was written for it to see.
TEST(inbox_model, the_owner_that_was_nudged_awake_sees_why) {
  model::explore([](model::world& world) {
    process owner;
    model::data<int> why;
    world.together(
        [&] {
          if ((owner.box.take_all().high & inbox_flags::nudged) == 0) return;
          EXPECT_EQ(why.read(), 1);
        },
        [&] {
          why.write(1);
          owner.nudge();
        });
  });
}

// deaf: ordinary mail is linked in and does not wake; a signal does.
TEST(inbox_model, a_deaf_sleep_is_ended_by_a_signal_and_by_nothing_else) {
  model::explore([](model::world& world) {
    process owner;
    letter ordinary, signal;
    pushed first{}, second{};
    world.together(
        [&] {
          const bool slept = owner.sleep(true);
          EXPECT_TRUE(slept || (owner.box.high() & inbox_flags::urgent) != 0);
          owner.receive(2);
        },
        [&] { first = owner.send(ordinary, 1); }, [&] { second = owner.send(signal, 2, true); });
    EXPECT_EQ(owner.received.size(), 2u);
  });
}

// closed: each letter is either drained by close or still its sender's.
TEST(inbox_model, close_and_the_senders_share_the_mail_without_loss) {
  model::explore([](model::world& world) {
    process owner;
    letter a, b;
    pushed first{}, second{};
    world.together([&] { owner.read(owner.box.close().newest); }, [&] { first = owner.send(a, 1); },
                   [&] { second = owner.send(b, 2); });
    EXPECT_EQ(owner.received.size(), std::size_t{first == pushed::queued} + std::size_t{second == pushed::queued});
    EXPECT_TRUE(first == pushed::queued || first == pushed::closed);
  });
}

// The count beside the pointer: what senders see as load is never more than what was sent, and a drain starts anew.
TEST(inbox_model, the_load_counts_the_letters_that_lie_there) {
  model::explore([](model::world& world) {
    process owner;
    letter a, b;
    world.together([&] { owner.send(a, 1); }, [&] { owner.send(b, 2); });
    const auto all = owner.box.take_all();
    EXPECT_EQ(inbox_load::count(all.high), 2u);
    EXPECT_EQ(inbox_load::units(all.high), 2u);
    EXPECT_FALSE(owner.box.has_news());
  });
}

// What is put back stays before all that has come meanwhile.
TEST(inbox_model, mail_put_back_is_older_than_any_that_came_since) {
  model::explore([](model::world& world) {
    process owner;
    letter a, b, c;
    owner.send(a, 1);
    world.together(
        [&] {
          owner.box.put_back(owner.box.take_all().newest, inbox_load::plus(0, 1));
          EXPECT_TRUE(owner.box.has_news());
          owner.receive(3);
        },
        [&] {
          owner.send(b, 2);
          owner.send(c, 3);
        });
    EXPECT_EQ(owner.received, (std::vector<int>{1, 2, 3}));
  });
}

TEST(inbox_model, a_closed_one_stays_closed_whatever_its_owner_takes_and_puts_back) {
  model::explore([](model::world& world) {
    process owner;
    letter a, b;
    owner.send(a, 1);
    pushed late{};
    world.together(
        [&] {
          owner.box.put_back(owner.box.close().newest, 0);
          owner.read(owner.box.take_all().newest);
          EXPECT_NE(owner.box.high() & inbox_flags::closed, 0u);
        },
        [&] { late = owner.send(b, 2); });
    const bool came = late != pushed::closed;
    EXPECT_EQ(owner.received.size(), came ? 2u : 1u);
    EXPECT_EQ(owner.send(b, 2), pushed::closed);
  });
}

// O3. Who finds a mailbox closed, by a push or by a look, has all that its owner sent it before.
TEST(inbox_model, who_finds_a_mailbox_closed_has_what_its_owner_sent_before) {
  model::explore([](model::world& world) {
    process ended, other;
    letter last, late;
    const bool by_push = world.any(2) == 0;
    world.together(
        [&] {
          other.send(last, 1);
          ended.box.close();
        },
        [&] {
          std::uint64_t load = 0;
          const bool closed = by_push ? ended.box.push(&late, 1, true, load) == pushed::closed : ended.box.is_closed();
          if (closed) other.read(other.box.take_all().newest);
          EXPECT_EQ(other.received.size(), closed ? 1u : 0u);
        });
  });
}

/// One whose mailbox is limited: what it has let go of is counted beside the inbox.
struct limited_process : process {
  atomic<std::uint32_t> gone{0};

  limited_process() { box.open(inbox_flags::bounded); }
  pushed send_if_room(letter& mail, int bytes, std::uint32_t limit) {
    mail.bytes.write(bytes);
    const auto fits = [&](std::uint64_t high) {
      const auto come = static_cast<std::uint32_t>(inbox_load::count(high));
      return static_cast<std::int32_t>(come - gone.load(relaxed)) < static_cast<std::int32_t>(limit);
    };
    const pushed how = box.push_if(fits, &mail, 1, true, true);
    if (how == pushed::woke) wake(&mail);
    if (how == pushed::woke_linked) wake(nullptr);
    return how;
  }
  void let_go() { gone.store(gone.load(relaxed) + 1, relaxed); }
};

// I4. Two senders want the last place; the drain of what was there before frees none.
TEST(inbox_model, the_last_place_of_a_bounded_one_goes_to_one_sender) {
  model::explore([](model::world& world) {
    limited_process owner;
    letter before, a, b;
    ASSERT_EQ(owner.send_if_room(before, 1, 2), pushed::queued);
    pushed first{}, second{};
    world.together([&] { owner.read(owner.box.take_all().newest); }, [&] { first = owner.send_if_room(a, 2, 2); },
                   [&] { second = owner.send_if_room(b, 3, 2); });
    EXPECT_NE(first == pushed::full, second == pushed::full);
    owner.read(owner.box.take_all().newest);
    EXPECT_EQ(owner.received.size(), 2u);
  });
}

// What is received frees its place, and no other.
TEST(inbox_model, a_bounded_one_never_holds_more_than_its_limit) {
  model::explore([](model::world& world) {
    limited_process owner;
    letter before, a, b;
    owner.send_if_room(before, 1, 1);
    pushed first{}, second{};
    world.together(
        [&] {
          owner.read(owner.box.take_all().newest);
          owner.let_go();
        },
        [&] { first = owner.send_if_room(a, 2, 1); }, [&] { second = owner.send_if_room(b, 3, 1); });
    EXPECT_TRUE(first == pushed::full || second == pushed::full);
    EXPECT_EQ(inbox_load::count(owner.box.high()), first == second ? 1u : 2u);
  });
}

// I1 I2 O1 O2, as of an unlimited one.
TEST(inbox_model, the_owner_of_a_bounded_one_gets_the_mail_of_two_senders) {
  model::explore([](model::world& world) {
    limited_process owner;
    letter a, b;
    world.together([&] { owner.receive(2); }, [&] { owner.send_if_room(a, 1, 2); }, [&] { owner.send(b, 2, true); });
    ASSERT_EQ(owner.received.size(), 2u);
    EXPECT_EQ(owner.received[0] + owner.received[1], 3);
    EXPECT_EQ(inbox_load::count(owner.box.high()), 1u);
  });
}

// O1. Each letter is the owner's or the other's who took the mail.
TEST(inbox_model, two_that_take_mail_share_it_without_loss) {
  model::explore([](model::world& world) {
    limited_process owner;
    process other;
    letter a, b;
    owner.send_if_room(a, 1, 9);
    world.together([&] { owner.read(owner.box.take_all().newest); }, [&] { other.read(owner.box.take_mail()); },
                   [&] { owner.send_if_room(b, 2, 9); });
    owner.read(owner.box.take_all().newest);
    EXPECT_EQ(owner.received.size() + other.received.size(), 2u);
    EXPECT_EQ(inbox_load::count(owner.box.high()), 2u);
  });
}

}  // namespace
}  // namespace mote::detail
