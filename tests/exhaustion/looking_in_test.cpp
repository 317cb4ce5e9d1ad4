// Looking in and limits of mailboxes, when memory is refused. As exhaustion_test.cpp.
#include "tests/exhaustion/without_memory.hpp"

#include <string>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct go {};
struct question {};

// ---- looking in ----

TEST(exhaustion, a_dump_is_whole_or_refused) {
  without_memory([] {
    const pid other = spawn(wait_for_ever);
    until_waiting(other);
    std::string json;
    memory_runs_out();
    const bool told = attempt([&] { json = dump(dump_format::json); });
    memory_is_back();
    EXPECT_EQ(told, json.ends_with("}\n"));
    EXPECT_EQ(told, json.find(to_string(other)) != std::string::npos);
    kill(other);
  });
}

TEST(exhaustion, a_dump_as_text_is_whole_or_refused) {
  without_memory([] {
    std::string text;
    memory_runs_out();
    const bool told = attempt([&] { text = dump(); });
    memory_is_back();
    EXPECT_EQ(told, text.find("process " + to_string(self())) != std::string::npos);
  });
}

TEST(exhaustion, statistics_are_told_or_refused) {
  without_memory([] {
    std::size_t schedulers = 0;
    memory_runs_out();
    const bool told = attempt([&] { schedulers = statistics().schedulers.size(); });
    memory_is_back();
    EXPECT_EQ(schedulers, told ? scheduler_count() : 0);
  });
}

TEST(exhaustion, alarms_are_asked_for_or_not) {
  without_memory([] {
    memory_runs_out();
    const bool asked = attempt([] { system_monitor(self(), {.long_mailbox = 20}); });
    const pid slow = insist([] { return spawn(wait_for_ever); });
    for (int i = 0; i < 40; ++i) insist([&] { send(slow, token()); });
    memory_is_back();
    until_waiting(slow);
    EXPECT_EQ(stop_system_monitor(), asked);
    kill(slow);
    end_of(slow);
  });
}

// ---- mailboxes with limits ----

spawn_options limited_to(std::size_t messages, when_full policy) {
  return {.mailbox = {.messages = messages, .policy = policy}};
}

TEST(exhaustion, a_mailbox_gets_its_limit_or_its_process_is_not_made) {
  without_memory([] {
    spawn_options with = limited_to(2, when_full::drop_newest);
    with.mailbox.types = {limit_for<go>({.messages = 1})};
    pid limited;
    memory_runs_out();
    const bool made = attempt([&] { limited = spawn(with, wait_for_ever); });
    memory_is_back();
    EXPECT_EQ(processes().size(), made ? 2u : 1u);
    if (!made) return;
    int taken = 0;
    for (int i = 0; i < 10; ++i) taken += try_send(limited, go{}) == send_result::delivered;
    EXPECT_EQ(taken, 1);
    kill(limited);
    end_of(limited);
  });
}

TEST(exhaustion, a_parked_sender_is_let_in_or_has_sent_nothing) {
  without_memory([] {
    const auto [slow, watch] = spawn_monitor(limited_to(1, when_full::park_sender), [](pid parent) {
      insist([] { return receive<go>(); });
      int taken = 0;
      while (insist([] { return receive([](token) { return true; }, [](question) { return false; }); })) ++taken;
      insist([&] { send(parent, taken); });
    }, self());
    memory_runs_out();
    int sent = 0;
    insist([slow = slow] { send(slow, go{}); });
    for (int i = 0; i < 5; ++i) sent += attempt([slow = slow] { send(slow, token()); });
    insist([slow = slow] { send(slow, question{}); });
    EXPECT_EQ(insist([] { return receive<int>(); }), sent);
    memory_is_back();
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

// The oldest is a request: its asker hears that it was dropped, or it stays.
TEST(exhaustion, a_request_that_is_dropped_for_a_later_message_is_refused_to_its_asker) {
  without_memory([] {
    const pid deaf = spawn(limited_to(1, when_full::drop_oldest), [] { sleep_for(1h); });
    until_waiting(deaf);
    const ref asked = request(deaf, question{});
    memory_runs_out();
    attempt([&] { EXPECT_NE(try_send(deaf, token()), send_result::no_process); });
    memory_is_back();
    kill(deaf);
    EXPECT_THROW(receive_reply<int>(asked), no_reply);
    end_of(deaf);
  });
}

}  // namespace
}  // namespace mote::test
