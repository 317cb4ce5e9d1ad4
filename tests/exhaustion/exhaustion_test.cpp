// Memory runs out, at each place where any is asked for in turn: the caller gets an exception and nothing is half done, or
// what had to be told is told when there is memory again. Nothing is lost, nothing leaks, nobody waits for ever.
#include "tests/exhaustion/without_memory.hpp"

#include <memory>
#include <stdexcept>
#include <string>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct go {};
struct question {
  int number;
};
struct answer {
  int number;
};

void wait_for_go() {
  insist([] { return receive<go>(); });
}

// ---- spawn ----

TEST(exhaustion, a_spawn_is_made_or_leaves_nothing) {
  without_memory([] {
    pid child;
    memory_runs_out();
    const bool made = attempt([&] {
      child = spawn({.name = "a name that is longer than sixteen", .label = "a label that is longer than sixteen"},
                    [](token) { wait_for_go(); }, token());
    });
    memory_is_back();
    EXPECT_EQ(processes().size(), made ? 2u : 1u);
    EXPECT_EQ(registered_names().size(), made ? 1u : 0u);
    if (!made) return;
    send(child, go{});
    EXPECT_EQ(end_of(child), reason::normal);
  });
}

TEST(exhaustion, a_linked_child_is_linked_or_was_never_made) {
  without_memory([] {
    trap_exit(true);
    std::vector<pid> children;
    children.reserve(20);
    memory_runs_out();
    for (int i = 0; i < 20; ++i) {
      attempt([&] {
        children.push_back(spawn_link([](token) {
          wait_for_go();
          exit(reason::timeout);
        }, token()));
      });
    }
    memory_is_back();
    EXPECT_EQ(processes().size(), children.size() + 1);
    EXPECT_EQ(info(self())->links, children.size());
    for (const pid one : children) send(one, go{});
    for (std::size_t i = 0; i < children.size(); ++i) EXPECT_EQ(receive<exited>().why, reason::timeout);
    EXPECT_TRUE(none_left<exited>());
  });
}

TEST(exhaustion, a_monitored_child_is_monitored_or_was_never_made) {
  without_memory([] {
    monitored child{};
    memory_runs_out();
    const bool made = attempt([&] { child = spawn_monitor([](token) { wait_for_go(); }, token()); });
    memory_is_back();
    EXPECT_EQ(info(self())->monitors, made ? 1u : 0u);
    EXPECT_EQ(processes().size(), made ? 2u : 1u);
    if (!made) return;
    send(child.process, go{});
    EXPECT_EQ(news_of(child.monitor), reason::normal);
  });
}

// ---- the end ----

void tie_everything(pid teller) {
  static const process_local<token> local;
  static_cast<void>(local.get());
  const pid helper = spawn_link([](token) { wait_for_ever(); }, token());
  monitor(helper);
  static_cast<void>(request(helper, question{1}));
  static_cast<void>(make_alias());
  set_label("a label that is longer than sixteen");
  receive([](reply_to, question) {});  // and owes the answer
  send(teller, go{});
  wait_for_go();
  exit(reason::timeout);
}

void expect_no_answer(ref asked) {
  try {
    insist([&] { return receive_reply<answer>(asked); });
    ADD_FAILURE() << "an answer";
  } catch (const no_reply& none) {
    EXPECT_EQ(none.why(), reason::timeout);
  }
}

// Links, monitors, an open request and one unread, a name.
TEST(exhaustion, everyone_hears_of_an_end) {
  without_memory([] {
    trap_exit(true);
    const auto [dying, first] = spawn_monitor(&tie_everything, self());
    register_name("the dying one, by a long name", dying);
    const ref open = request(dying, question{1});
    receive<go>();
    link(dying);
    const ref second = monitor(dying);
    const ref unread = request(dying, question{2});
    const auto [sharer, third] = spawn_monitor([](pid peer) {
      link(peer);
      wait_for_ever();
    }, dying);
    until_waiting(sharer);
    memory_runs_out();
    insist([&] { send(dying, go{}); });
    for (const ref watch : {first, second, third}) {
      EXPECT_EQ(insist([&] { return news_of(watch); }), reason::timeout);
    }
    EXPECT_EQ(insist([] { return receive<exited>(); }).why, reason::timeout);
    expect_no_answer(open);
    expect_no_answer(unread);
    memory_is_back();
    EXPECT_FALSE(whereis("the dying one, by a long name"));
    until([] { return processes().size() == 1; });
  });
}

TEST(exhaustion, an_uncaught_exception_ends_its_process_alone) {
  without_memory([] {
    const auto [child, watch] = spawn_monitor([](token) {
      wait_for_go();
      throw std::runtime_error("a text that is longer than sixteen characters");
    }, token());
    memory_runs_out();
    insist([child = child] { send(child, go{}); });
    const reason why = insist([watch = watch] { return news_of(watch); });
    EXPECT_EQ(why.kind(), reason_kind::error);
    EXPECT_FALSE(why.text().empty());
  });
}

TEST(exhaustion, a_crash_nobody_hears_of_is_survived) {
  without_memory([] {
    const pid child = spawn([](token) {
      wait_for_go();
      throw std::runtime_error("a text that is longer than sixteen characters");
    }, token());
    memory_runs_out();
    insist([&] { send(child, go{}); });
    until([&] { return !is_alive(child); });
    memory_is_back();
    until([] { return processes().size() == 1; });
  });
}

// ---- ties ----

TEST(exhaustion, a_link_is_made_or_not) {
  without_memory([] {
    trap_exit(true);
    const pid peer = spawn([] {
      wait_for_go();
      exit(reason::timeout);
    });
    memory_runs_out();
    const bool linked = attempt([&] { link(peer); });
    insist([&] { send(peer, go{}); });
    until([&] { return !is_alive(peer); });
    memory_is_back();
    until([] { return processes().size() == 1; });
    EXPECT_EQ(receive<exited>(0ns).has_value(), linked);
  });
}

TEST(exhaustion, an_unlink_is_done_or_not) {
  without_memory([] {
    trap_exit(true);
    const auto peer = spawn_link([] {
      wait_for_go();
      exit(reason::timeout);
    });
    memory_runs_out();
    const bool unlinked = attempt([&] { EXPECT_TRUE(unlink(peer)); });
    insist([&] { send(peer, go{}); });
    until([&] { return !is_alive(peer); });
    memory_is_back();
    until([] { return processes().size() == 1; });
    EXPECT_EQ(receive<exited>(0ns).has_value(), !unlinked);
  });
}

TEST(exhaustion, a_monitor_brings_its_news_or_was_never_made) {
  without_memory([] {
    const pid peer = spawn(&wait_for_go);
    memory_runs_out();
    ref watch;
    attempt([&] { watch = monitor(peer); });
    ref given_up;
    attempt([&] { given_up = monitor(peer); });
    const bool demonitored = given_up && attempt([&] { demonitor(given_up, true); });
    insist([&] { send(peer, go{}); });
    until([&] { return !is_alive(peer); });
    if (watch) {
      EXPECT_EQ(insist([&] { return news_of(watch); }), reason::normal);
    }
    if (given_up && !demonitored) {
      EXPECT_EQ(insist([&] { return news_of(given_up); }), reason::normal);
    }
    ref late;
    attempt([&] { late = monitor(peer); });
    if (late) {
      EXPECT_EQ(insist([&] { return news_of(late); }), reason::noproc);
    }
    memory_is_back();
    EXPECT_EQ(info(self())->monitors, 0u);
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(exhaustion, an_exit_signal_is_sent_or_not_and_trapped_without_memory) {
  without_memory([] {
    trap_exit(true);
    const auto [peer, watch] = spawn_monitor([](pid parent) {
      trap_exit(true);
      const exited news = insist([] { return receive<exited>(); });
      insist([&] { exit(parent, news.why); });
    }, self());
    until_waiting(peer);
    memory_runs_out();
    insist([peer = peer] { exit(peer, reason::timeout); });
    EXPECT_EQ(insist([] { return receive<exited>(); }).why, reason::timeout);
    EXPECT_EQ(insist([watch = watch] { return news_of(watch); }), reason::normal);
  });
}

// ---- messages ----

TEST(exhaustion, a_blocking_call_is_made_once_or_not) {
  without_memory([] {
    int calls = 0;
    const auto call = [&calls] {
      const token kept[] = {token(), token()};
      const auto text = std::make_unique<std::string>(100, 'x');
      return ++calls;
    };
    memory_runs_out();
    const bool made = attempt_or_lack_threads([&] { EXPECT_EQ(blocking(call), 1); });
    memory_is_back();
    EXPECT_EQ(calls, made ? 1 : 0);
    EXPECT_EQ(blocking(call), made ? 2 : 1);
  });
}

TEST(exhaustion, messages_are_sent_or_not_and_none_is_lost) {
  without_memory([] {
    const auto [sink, watch] = spawn_monitor([](pid parent) {
      int count = 0;
      while (insist([] { return receive([](token) { return true; }, [](go) { return false; }); })) ++count;
      insist([&] { send(parent, count); });
    }, self());
    const alias other = make_alias();
    register_name("sink, by a name that is long", sink);
    memory_runs_out();
    int sent = 0;
    for (int i = 0; i < 5; ++i) {
      sent += attempt([sink = sink] { send(sink, token()); });
      sent += attempt([] { send("sink, by a name that is long", token()); });
      sent += attempt([sink = sink] { EXPECT_EQ(try_send(sink, token()), send_result::delivered); });
    }
    const bool aliased = attempt([&] { send(other, go{}); });
    insist([sink = sink] { send(sink, go{}); });
    EXPECT_EQ(insist([] { return receive<int>(); }), sent);
    memory_is_back();
    EXPECT_EQ(receive<go>(0ns).has_value(), aliased);
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(exhaustion, a_request_taken_or_not_is_answered) {
  without_memory([] {
    const auto server = spawn([](token) {
      for (bool more = true; more;) {
        attempt([&] {
          more = receive(
              [](reply_to from, question asked) {
                insist([&] { reply(from, answer{asked.number}); });
                return true;
              },
              [](go) { return false; });
        });
      }
    }, token());
    memory_runs_out();
    for (int i = 0; i < 5; ++i) {
      ref asked;
      if (!attempt([&] { asked = request(server, question{i}); })) continue;
      EXPECT_EQ(insist([&] { return receive_reply<answer>(asked); }).number, i);
    }
    insist([&] { send(server, go{}); });
    until([&] { return !is_alive(server); });
    ref vain;
    if (attempt([&] { vain = request(server, question{0}); })) {
      EXPECT_THROW(insist([&] { return receive_reply<answer>(vain); }), no_reply);
    }
    const pid deaf = insist([] { return spawn(&wait_for_ever); });
    if (attempt([&] { vain = request(deaf, question{0}); })) {
      EXPECT_FALSE(insist([&] { return receive_reply<answer>(vain, 0ns); }).has_value());
    }
  });
}

TEST(exhaustion, timers_are_set_or_not) {
  without_memory([] {
    memory_runs_out();
    int set = 0;
    for (int i = 0; i < 3; ++i) set += attempt([] { send_after(0ns, self(), token()); });
    timer_ref later;
    const bool pending = attempt([&] { later = send_after(1h, self(), token()); });
    for (; set != 0; --set) insist([] { return receive<token>(); });
    insist([] { return receive<token>(1ns); });
    insist([] { sleep_for(1ns); });
    if (pending) {
      EXPECT_TRUE(cancel_timer(later).has_value());
    }
    memory_is_back();
    EXPECT_TRUE(none_left<token>());
    send_after(1h, self(), token());  // dropped at the end
  });
}

// ---- names, looks, locals ----

TEST(exhaustion, names_and_labels_are_given_or_not) {
  without_memory([] {
    memory_runs_out();
    const bool named = attempt([] { register_name("a name that is longer than sixteen", self()); });
    const bool labelled = attempt([] { set_label("a label that is longer than sixteen"); });
    std::string label_then;
    const bool read = attempt([&] { label_then = label(); });
    attempt([] { static_cast<void>(registered_names()); });
    memory_is_back();
    EXPECT_EQ(whereis("a name that is longer than sixteen"), named ? self() : pid());
    EXPECT_EQ(label().empty(), !labelled);
    EXPECT_EQ(label_then.empty(), !labelled || !read);
    EXPECT_EQ(unregister_name("a name that is longer than sixteen"), named);
  });
}

TEST(exhaustion, looking_around_changes_nothing) {
  without_memory([] {
    set_label("a label that is longer than sixteen");
    memory_runs_out();
    attempt([] { EXPECT_EQ(processes().size(), 1u); });
    attempt([] { EXPECT_EQ(info(self())->label.size(), 35u); });
    attempt([] { static_cast<void>(environment()); });
    attempt([] {
      const alias one = make_alias();
      EXPECT_TRUE(unalias(one));
    });
    static const process_local<token> local;
    attempt([] { static_cast<void>(local.get()); });
  });
}

}  // namespace
}  // namespace mote::test
