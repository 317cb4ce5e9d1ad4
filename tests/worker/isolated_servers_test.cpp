// Servers and isolated processes: those of the program are called from inside as from anywhere; those inside are not from outside.
#include "tests/in_process.hpp"

#include <mote/isolated.hpp>

#include <string>

namespace {

struct stays_here {};

}  // namespace

template <>
struct mote::message_traits<stays_here> {
  static constexpr bool owns_all = true;
};

namespace {

using namespace mote::test;
using namespace std::chrono_literals;

struct add {
  int more;
};
struct give_what_stays {};
struct never_answered {
  using reply = int;
};
struct go_on {};

/// A server of the program.
struct tally {
  int sum = 0;
  int handle_call(add what) { return sum += what.more; }
  stays_here handle_call(give_what_stays) { return {}; }
  void handle_call(mote::reply_to, never_answered) {}
  void handle_cast(add what) { sum += what.more; }
};

/// Why there is no answer to what is asked.
template <class Question>
mote::reason why_none(mote::server<tally> asked, Question what) {
  try {
    mote::call(asked, what);
  } catch (const mote::no_reply& none) {
    return none.why();
  }
  return mote::reason::error("was answered");
}

TEST(isolated_servers, of_the_program_take_calls_and_casts_from_inside_and_their_end_is_heard_of) {
  in_every_mode([] {
    const auto sums = mote::start<tally>();
    mote::spawn(mote::isolated, [](mote::server<tally> asked, mote::pid to) {
      mote::send(to, mote::call(asked, add{5}));
      mote::cast(asked, add{3});
      mote::send(to, mote::call(asked, add{0}));
      try {
        mote::call(asked, never_answered{}, 10ms);
      } catch (const mote::call_timeout& late) {
        mote::send(to, std::string(late.what()));
      }
      mote::send(to, why_none(asked, give_what_stays{}));
      mote::stop(asked);
      mote::send(to, why_none(asked, add{1}));
    }, sums, mote::self());
    EXPECT_EQ(mote::receive<int>(), 5);
    EXPECT_EQ(mote::receive<int>(), 8);
    const auto late = mote::receive<std::string>();
    EXPECT_NE(late.find(to_string(sums.id()) + " has not answered"), std::string::npos) << late;
    EXPECT_NE(late.find("within 10 ms"), std::string::npos) << late;
    const auto stays = mote::receive<mote::reason>();
    EXPECT_NE(stays.text().find("stays_here cannot cross"), std::string::npos) << stays;
    EXPECT_EQ(mote::receive<mote::reason>(), mote::reason::noproc);
  });
}

TEST(isolated_servers, that_end_are_missed_by_those_who_wait_inside) {
  in_every_mode([] {
    const auto sums = mote::start<tally>();
    mote::spawn(mote::isolated, [](mote::server<tally> asked, mote::pid to) {
      mote::send(to, true);
      mote::send(to, why_none(asked, never_answered{}));
    }, sums, mote::self());
    EXPECT_TRUE(mote::receive<bool>());
    mote::stop(sums, mote::reason::error("closing"));
    const auto why = mote::receive<mote::reason>();
    EXPECT_TRUE(why.text() == "closing" || why == mote::reason::noproc) << why;
  });
}

TEST(isolated_servers, inside_take_casts_and_are_not_called_from_outside) {
  in_every_mode([] {
    mote::spawn(mote::isolated, [](mote::pid to) {
      const auto sums = mote::start<tally>();
      mote::send(to, sums);
      mote::receive<go_on>();
      mote::send(to, mote::call(sums, add{0}));
    }, mote::self());
    const auto sums = mote::receive<mote::server<tally>>();
    mote::cast(sums, add{4});
    EXPECT_THROW(mote::call(sums, add{1}), mote::usage_error);
    mote::send(mote::pid(sums.id().place(), 0, 1), go_on{});
    EXPECT_EQ(mote::receive<int>(), 4);
  });
}

}  // namespace
