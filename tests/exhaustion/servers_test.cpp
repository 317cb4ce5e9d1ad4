// Servers and supervisors without memory: a start, a call, a restart is done or is an error, the server lives on or has ended for
// a reason; nothing leaks, and nobody waits for ever.
#include "tests/exhaustion/without_memory.hpp"

#include <stdexcept>
#include <string>

namespace mote::test {
namespace {

struct add {
  int number;
};
struct total {};
struct crash {};

/// Its state owns memory, and so does its end.
struct adder {
  explicit adder(std::string called) : name(std::move(called)) {}
  int handle_call(add one) {
    parts.push_back(one.number);
    return sum += one.number;
  }
  int handle_call(total) const { return sum; }
  void handle_cast(add one) { sum += one.number; }
  void handle_cast(crash) { throw std::runtime_error("a text that is longer than sixteen characters"); }
  void terminate(const reason& why) { name = to_string(why) + " is why, and that takes memory"; }

  std::string name;
  std::vector<int> parts;
  int sum = 0;
  token owned{};
};

const std::string long_name = "a name that is longer than sixteen characters";

/// As attempt; a server that could not begin, or has ended for want of memory, counts as none.
template <class Step>
bool try_server(Step&& step) {
  try {
    return attempt(step);
  } catch (const no_reply& none) {
    EXPECT_NE(none.why().kind(), reason_kind::normal);
    return false;
  }
}

/// With memory again: it adds up what it has been told, or has ended by an error.
void expect_whole(const server<adder>& one, ref watch, int least, int most) {
  try {
    const int sum = call(one, total{});
    EXPECT_GE(sum, least);
    EXPECT_LE(sum, most);
    stop(one);
    EXPECT_EQ(news_of(watch), reason::normal);
  } catch (const no_reply&) {
    EXPECT_EQ(news_of(watch).kind(), reason_kind::error);
  }
}

TEST(exhausted_server, begins_or_never_was) {
  without_memory([] {
    memory_runs_out();
    server<adder> one;
    const bool made = try_server([&] { one = start<adder>(long_name); });
    memory_is_back();
    if (made) {
      EXPECT_EQ(call(one, add{3}), 3);
      stop(one);
    }
    until([] { return processes().size() == 1; });
  });
}

TEST(exhausted_server, begins_linked_or_never_was) {
  without_memory([] {
    trap_exit(true);
    memory_runs_out();
    server<adder> one;
    const bool made = try_server([&] { one = start_link<adder>(long_name); });
    memory_is_back();
    EXPECT_EQ(info(self())->links, made ? 1u : 0u);
    if (made) {
      stop(one);
      EXPECT_EQ(receive<exited>().from, one.id());
    }
    until([] { return processes().size() == 1; });
  });
}

TEST(exhausted_server, answers_or_ends_by_an_error) {
  without_memory([] {
    const server<adder> one = start<adder>(long_name);
    const ref watch = monitor(one);
    memory_runs_out();
    int told = 0;
    for (int i = 0; i < 3; ++i) told += try_server([&] { call(one, add{1}); }) ? 1 : 0;
    memory_is_back();
    expect_whole(one, watch, told, 3);
  });
}

TEST(exhausted_server, takes_casts_and_loses_none_that_was_sent) {
  without_memory([] {
    const server<adder> one = start<adder>(long_name);
    const ref watch = monitor(one);
    memory_runs_out();
    int told = 0;
    for (int i = 0; i < 3; ++i) told += attempt([&] { cast(one, add{1}); }) ? 1 : 0;
    memory_is_back();
    expect_whole(one, watch, told, told);
  });
}

TEST(exhausted_server, stops_for_the_reason_it_is_told_or_by_an_error) {
  without_memory([] {
    const server<adder> one = start<adder>(long_name);
    const ref watch = monitor(one);
    memory_runs_out();
    const bool stopped = try_server([&] { stop(one, reason::shutdown); });
    memory_is_back();
    if (!stopped) try_server([&] { stop(one, reason::shutdown); });
    const reason why = news_of(watch);
    EXPECT_TRUE(why == reason::shutdown || why.kind() == reason_kind::error) << why;
  });
}

// ---- supervisors ----

std::vector<child_spec> two_children() {
  return {child<adder>("the first of the children, by a long name", long_name),
          child<adder>("the second of the children, by a long name", long_name)};
}

/// Whatever became of it, all is over.
void end_supervisor(const supervisor& top) {
  try {
    stop(top, reason::shutdown);
  } catch (const no_reply&) {
  }
  until([] { return processes().size() == 1; });
}

TEST(exhausted_supervisor, begins_with_its_children_or_never_was) {
  without_memory([] {
    trap_exit(true);
    memory_runs_out();
    supervisor top;
    const bool made = try_server([&] { top = start_supervisor({}, two_children()); });
    memory_is_back();
    if (made) {
      EXPECT_EQ(count_children(top).active, 2u);
      end_supervisor(top);
    }
    until([] { return processes().size() == 1; });
  });
}

TEST(exhausted_supervisor, restarts_a_child_or_gives_up) {
  without_memory([] {
    trap_exit(true);
    supervisor_flags patient;
    patient.intensity = 100;
    const supervisor top = start_supervisor(patient, two_children());
    const server<adder> first(which_children(top)[0].process);
    const ref gone = monitor(first);
    cast(first, crash{});
    memory_runs_out();
    EXPECT_EQ(insist([&] { return news_of(gone); }).kind(), reason_kind::error);
    attempt([] { yield(); });
    memory_is_back();
    if (is_alive(top)) {
      try {
        until([&] { return count_children(top).active == 2; });
      } catch (const no_reply&) {  // it gave up meanwhile
      }
    }
    end_supervisor(top);
  });
}

TEST(exhausted_supervisor, does_what_it_is_asked_or_says_no) {
  without_memory([] {
    trap_exit(true);
    const supervisor top = start_supervisor({}, two_children());
    memory_runs_out();
    const auto ask = [&](auto&& step) {
      try {
        try_server(step);
      } catch (const child_error&) {  // without memory it could not start, or does not run
      }
    };
    ask([&] { start_child(top, child<adder>("a third one, by a long name as well", long_name)); });
    ask([&] { terminate_child(top, "a third one, by a long name as well"); });
    ask([&] { restart_child(top, "a third one, by a long name as well"); });
    ask([&] { terminate_child(top, "the first of the children, by a long name"); });
    ask([&] { delete_child(top, "the first of the children, by a long name"); });
    ask([&] { static_cast<void>(which_children(top)); });
    memory_is_back();
    end_supervisor(top);
  });
}

}  // namespace
}  // namespace mote::test
