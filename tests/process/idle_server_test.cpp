// A server between messages: without a stack, and yet a process like any other to signals, timers and those who look.
#include "tests/in_process.hpp"

#include <mote/process_local.hpp>

#include <stdexcept>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct get {};
struct nap {};
struct tick {};
struct hold {};

struct diary {
  using infos = messages<exited, down, tick>;
  pid reader, own;
  int ticks = 0;

  ~diary() {
    if (reader) send(reader, std::string(own == self() ? "destroyed" : "in whose name?"));
  }
  void init(pid given) {
    reader = given;
    own = self();
  }
  int handle_call(get) { return ticks; }
  void handle_call(hold) { throw std::runtime_error("held"); }
  void handle_cast(nap) { sleep_for(1ms); }
  void handle_info(const exited& news) { send(reader, "exited " + to_string(news.why)); }
  void handle_info(const down& news) { send(reader, "down " + to_string(news.why)); }
  void handle_info(tick) {
    if (++ticks % 3 != 0) send_after(1ms, self(), tick{});
  }
  void terminate(const reason& why) { send(reader, "terminate " + to_string(why)); }
};

std::string line() { return receive<std::string>(); }

TEST(idle_server, has_no_stack) {
  in_every_mode([] {
    const server<diary> one = start<diary>(self());
    until_waiting(one);
    EXPECT_EQ(info(one)->stack_bytes, 0u);
    EXPECT_EQ(info(one)->stack_limit, 0u);
    cast(one, nap{});
    until([&] { return info(one)->stack_bytes != 0; });  // it keeps its stack while a handler waits
    EXPECT_EQ(call(one, get{}), 0);
    until_waiting(one);
    EXPECT_EQ(info(one)->stack_bytes, 0u);
  });
}

TEST(idle_server, is_ended_by_an_exit_signal_without_terminate) {
  in_every_mode([] {
    const server<diary> one = start<diary>(self());
    until_waiting(one);
    const ref watch = monitor(one);
    exit(one, reason::shutdown);
    EXPECT_EQ(news_of(watch), reason::shutdown);
    EXPECT_EQ(line(), "destroyed");
  });
}

TEST(idle_server, that_traps_exits_hears_of_them_and_ends_with_who_started_it) {
  in_every_mode([] {
    const server<diary> one = start<diary>(spawn_options{.trap_exit = true}, self());
    spawn([](server<diary> other) { exit(other, reason::timeout); }, one);
    EXPECT_EQ(line(), "exited timeout");
    const ref watch = monitor(one);
    exit(one, reason::shutdown);
    EXPECT_EQ(line(), "terminate shutdown");
    EXPECT_EQ(line(), "destroyed");
    EXPECT_EQ(news_of(watch), reason::shutdown);
  });
}

TEST(idle_server, is_killed_like_any_process) {
  in_every_mode([] {
    const server<diary> one = start<diary>(spawn_options{.trap_exit = true}, self());
    until_waiting(one);
    const ref watch = monitor(one);
    kill(one);
    EXPECT_EQ(news_of(watch), reason::killed);
    EXPECT_TRUE(none_left<std::string>());  // what the killed send is dropped
  });
}

TEST(idle_server, dies_of_a_link_and_takes_others_along) {
  in_every_mode([] {
    const monitored middle = spawn_monitor([](pid reader) {
      const server<diary> one = start_link<diary>(reader);
      send(reader, static_cast<pid>(one));
      wait_for_ever();
    }, self());
    const pid one = receive<pid>();
    const ref watch = monitor(one);
    exit(middle.process, reason::timeout);
    EXPECT_EQ(news_of(watch), reason::timeout);
    EXPECT_EQ(line(), "destroyed");

    const monitored other = spawn_monitor([](pid reader) {
      send(reader, static_cast<pid>(start_link<diary>(reader)));
      wait_for_ever();
    }, self());
    exit(receive<pid>(), reason::timeout);
    EXPECT_EQ(news_of(other.monitor), reason::timeout);
    EXPECT_EQ(line(), "destroyed");
  });
}

TEST(idle_server, is_woken_by_timers) {
  in_every_mode([] {
    const server<diary> one = start<diary>(self());
    send_after(1ms, one, tick{});
    until([&] { return call(one, get{}) == 3; });
    until_waiting(one);
    EXPECT_EQ(info(one)->stack_bytes, 0u);
  });
}

TEST(idle_server, gets_the_down_of_what_it_watches) {
  struct watcher {
    pid reader;
    void handle_call(pid whom) { monitor(whom); }
    void handle_info(const down& news) { send(reader, "down " + to_string(news.why)); }
  };
  in_every_mode([] {
    const server<watcher> one = start<watcher>(self());
    const pid other = spawn(wait_for_ever);
    call(one, other);
    until_waiting(one);
    kill(other);
    EXPECT_EQ(line(), "down killed");
  });
}

TEST(idle_server, stops_for_whoever_asks_after_the_messages_before) {
  in_every_mode([] {
    const server<diary> one = start<diary>(self());
    send(one, tick{});
    stop(one, reason::shutdown);
    EXPECT_FALSE(is_alive(one));
    EXPECT_EQ(line(), "terminate shutdown");
    EXPECT_EQ(line(), "destroyed");
    EXPECT_THROW(stop(one), no_reply);
    const server<diary> busy = start<diary>(self());
    cast(busy, nap{});
    EXPECT_THROW(stop(busy, reason::normal, 0ns), call_timeout);
    EXPECT_EQ(end_of(busy) ? 1 : 0, 0);
  });
}

TEST(idle_server, that_throws_terminates_with_that_reason) {
  in_every_mode_crashing(
      [] {
        const server<diary> one = start<diary>(self());
        EXPECT_THROW(call(one, hold{}), no_reply);
        EXPECT_EQ(line().substr(0, 22), "terminate error: held ");
        EXPECT_EQ(line(), "destroyed");
      },
      [](const std::vector<crash_report>& reports) { EXPECT_EQ(reports.size(), 1u); });
}

TEST(idle_server, keeps_its_process_local_variables_and_its_label) {
  struct local {
    static process_local<int>& own() {
      static process_local<int> value(0);
      return value;
    }
    void init() { set_label("keeps"); }
    int handle_call(get) { return ++*own(); }
  };
  in_every_mode([] {
    const server<local> first = start<local>(), second = start<local>();
    for (int i = 1; i <= 5; ++i) {
      EXPECT_EQ(call(first, get{}), i);
      until_waiting(first);
      EXPECT_EQ(call(second, get{}), i);
    }
    EXPECT_EQ(info(first)->label, "keeps");
  });
}

TEST(idle_server, is_one_of_thousands_that_all_answer) {
  for (const mode& how : every_mode()) {
    in_mode(how, [] {
      std::vector<server<diary>> all;
      for (int i = 0; i < 2000; ++i) all.push_back(start_link<diary>(pid()));
      for (int round = 0; round < 2; ++round) {
        for (const auto& one : all) EXPECT_EQ(call(one, get{}), 0);
      }
    });
  }
}

// Of a high priority, pinned, with a stack of another class than those around it, it is put back where it belongs each time.
TEST(idle_server, keeps_its_priority_its_scheduler_and_its_class_of_stack) {
  struct placed {
    std::pair<unsigned, std::size_t> handle_call(get) { return {current_scheduler(), info(self())->stack_limit}; }
    void handle_call(nap) { sleep_for(1us); }
  };
  in_every_mode([] {
    const unsigned last = scheduler_count() - 1;
    const server<placed> one =
        start<placed>(spawn_options{.prio = priority::high, .max_stack = 1 << 20, .scheduler = last});
    for (int i = 0; i < 50; ++i) {
      call(one, nap{});
      EXPECT_EQ(call(one, get{}).first, last);
      EXPECT_EQ(info(one)->prio, priority::high);
    }
  });
}

struct flood {};
struct begin_to_read {};

// Its slice is spent in the middle of a mailbox; it goes on later, and what runs beside it runs in between.
TEST(idle_server, gives_way_between_the_messages_of_a_long_mailbox) {
  struct busy {
    int handled = 0;
    void handle_cast(hold) { receive<begin_to_read>(); }
    void handle_cast(flood) { ++handled; }
    int handle_call(get) { return handled; }
  };
  in_every_mode([] {
    constexpr int messages = 20'000;
    const server<busy> one = start<busy>(spawn_options{.scheduler = 0});
    pin_to_scheduler(0);
    cast(one, hold{});
    for (int i = 0; i < messages; ++i) cast(one, flood{});
    send(one, begin_to_read{});
    int between = 0;
    for (std::size_t left = messages; left != 0; left = info(one)->mailbox_messages) {
      between += left < messages;
      yield();
    }
    EXPECT_GT(between, 0);
    EXPECT_EQ(call(one, get{}), messages);
  });
}

// Both ends of try_sleep: calls from another scheduler, some of which find the server idle, some just falling asleep.
TEST(idle_server, falls_asleep_while_others_call) {
  struct echo {
    int handle_call(int value) { return value; }
  };
  in_mode({2, {}}, [] {
    const server<echo> one = start<echo>(spawn_options{.scheduler = 0});
    const auto caller = [](server<echo> other) {
      for (int i = 0; i < 20'000; ++i) ASSERT_EQ(call(other, i), i);
    };
    const monitored first = spawn_monitor(spawn_options{.scheduler = 1}, caller, one);
    const monitored second = spawn_monitor(spawn_options{.scheduler = 0}, caller, one);
    EXPECT_EQ(news_of(first.monitor), reason::normal);
    EXPECT_EQ(news_of(second.monitor), reason::normal);
  });
}

}  // namespace
}  // namespace mote::test
