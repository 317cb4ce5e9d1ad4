// What spawn, its kin and its options promise.
#include "tests/in_process.hpp"

#include <array>
#include <atomic>
#include <stdexcept>

namespace mote::test {
namespace {

struct sum {
  int value;
};

void add_up(pid to, int a, int b) { send(to, sum{a + b}); }

TEST(spawn, runs_a_function_with_its_arguments) {
  in_every_mode([] {
    const pid child = spawn(add_up, self(), 2, 3);
    EXPECT_TRUE(child);
    EXPECT_NE(child, self());
    EXPECT_EQ(receive<sum>().value, 5);
  });
}

TEST(spawn, runs_a_lambda_and_a_function_object_without_state) {
  struct doubler {
    void operator()(pid to, int value) const { send(to, sum{2 * value}); }
  };
  in_every_mode([] {
    spawn([](pid to) { send(to, sum{1}); }, self());
    EXPECT_EQ(receive<sum>().value, 1);
    spawn(doubler{}, self(), 21);
    EXPECT_EQ(receive<sum>().value, 42);
  });
}

TEST(spawn, returns_before_the_child_has_ended_and_gives_each_child_another_pid) {
  in_every_mode([] {
    std::vector<pid> children;
    for (int i = 0; i < 100; ++i) children.push_back(spawn([] { receive<sum>(); }));
    for (std::size_t i = 0; i < children.size(); ++i) {
      EXPECT_TRUE(is_alive(children[i]));
      for (std::size_t j = 0; j < i; ++j) EXPECT_NE(children[i], children[j]);
    }
  });
}

TEST(spawn, never_names_a_later_process_by_an_earlier_pid) {
  in_every_mode([] {
    std::vector<pid> past;
    for (int i = 0; i < 1'000; ++i) {
      const auto [child, watch] = spawn_monitor([] {});
      EXPECT_EQ(news_of(watch), reason::normal);
      for (std::size_t j = past.size() - std::min<std::size_t>(past.size(), 10); j < past.size(); ++j) {
        EXPECT_NE(past[j], child);
      }
      past.push_back(child);
    }
    for (const pid one : past) EXPECT_FALSE(is_alive(one));
  });
}

// Larger than what the control block has room for.
struct large {
  std::array<std::uint64_t, 64> words;
  std::string text;
};

TEST(spawn, takes_arguments_of_any_size) {
  in_every_mode([] {
    large value{};
    for (std::size_t i = 0; i < value.words.size(); ++i) value.words[i] = i * i;
    value.text = std::string(1'000, 'x');
    spawn([](pid to, large got) { send(to, std::move(got)); }, self(), value);
    const large back = receive<large>();
    EXPECT_EQ(back.words, value.words);
    EXPECT_EQ(back.text, value.text);
  });
}

TEST(spawn, keeps_the_alignment_of_its_arguments) {
  struct alignas(16) wide {
    std::uint64_t low, high;
  };
  in_every_mode([] {
    spawn([](pid to, char,
             wide value) { send(to, sum{reinterpret_cast<std::uintptr_t>(&value) % alignof(wide) == 0 ? 1 : 0}); },
          self(), 'c', wide{1, 2});
    EXPECT_EQ(receive<sum>().value, 1);
  });
}

TEST(spawn, passes_a_string_literal_as_a_string) {
  in_every_mode([] {
    spawn([](pid to, std::string text) { send(to, std::move(text)); }, self(), "hello");
    EXPECT_EQ(receive<std::string>(), "hello");
  });
}

TEST(spawn, copies_lvalues_and_moves_rvalues) {
  in_every_mode([] {
    std::string kept(100, 'k'), given(100, 'g');
    spawn([](std::string, std::string) {}, kept, std::move(given));
    EXPECT_EQ(kept, std::string(100, 'k'));
    EXPECT_TRUE(given.empty());  // NOLINT: what a moved string looks like is known here
  });
}

std::atomic<int> alive{0};

// Counts its instances, and throws at the copy when asked to.
struct counted {
  bool throws_at_copy = false;
  std::string text = std::string(100, 't');
  counted() { ++alive; }
  explicit counted(bool throws) : throws_at_copy(throws) { ++alive; }
  counted(const counted& other) : throws_at_copy(other.throws_at_copy), text(other.text) {
    if (throws_at_copy) throw std::runtime_error("no copy");
    ++alive;
  }
  counted(counted&& other) noexcept : throws_at_copy(other.throws_at_copy), text(std::move(other.text)) { ++alive; }
  ~counted() { --alive; }
};

}  // namespace
}  // namespace mote::test

template <>
struct mote::message_traits<mote::test::counted> {
  static constexpr bool owns_all = true;
};

namespace mote::test {
namespace {

TEST(spawn, passes_on_what_a_copy_throws_and_starts_nothing) {
  alive = 0;
  in_every_mode([] {
    const std::size_t before = processes().size();
    const counted stubborn(true);
    EXPECT_THROW(spawn([](counted) {}, stubborn), std::runtime_error);
    EXPECT_THROW(spawn([](counted, std::array<std::uint64_t, 64>) {}, stubborn, std::array<std::uint64_t, 64>{}),
                 std::runtime_error);
    EXPECT_THROW(spawn_link([](counted) {}, stubborn), std::runtime_error);
    EXPECT_THROW(spawn_monitor([](counted) {}, stubborn), std::runtime_error);
    EXPECT_EQ(processes().size(), before);
    EXPECT_EQ(info(self())->links, 0u);
    EXPECT_EQ(info(self())->monitors, 0u);
  });
  EXPECT_EQ(alive, 0);
}

TEST(spawn, destroys_its_arguments_however_the_child_ends) {
  alive = 0;
  in_every_mode([] {
    EXPECT_EQ(outcome([](counted) {}, counted{}), reason::normal);
    EXPECT_EQ(outcome([](counted) { exit(reason::timeout); }, counted{}), reason::timeout);
    EXPECT_EQ(outcome([](const counted&) { throw std::runtime_error("out"); }, counted{}).kind(), reason_kind::error);
    const auto [child, watch] = spawn_monitor([](counted) { wait_for_ever(); }, counted{});
    kill(child);
    EXPECT_EQ(news_of(watch), reason::killed);
    EXPECT_EQ(alive, 0);
  });
  EXPECT_EQ(alive, 0);
}

TEST(spawn, destroys_the_arguments_of_a_child_that_could_not_be_started) {
  alive = 0;
  in_every_mode([] {
    register_name("taken", self());
    spawn_options named;
    named.name = "taken";
    const std::size_t before = processes().size();
    EXPECT_THROW(spawn(
                     named, [](counted) {}, counted{}),
                 usage_error);
    EXPECT_THROW(spawn(
                     named, [](counted, std::array<char, 100>) {}, counted{}, std::array<char, 100>{}),
                 usage_error);
    EXPECT_EQ(processes().size(), before);
    EXPECT_EQ(alive, 0);
  });
  EXPECT_EQ(alive, 0);
}

TEST(spawn, leaves_nothing_of_main_s_arguments_and_messages_at_the_end) {
  alive = 0;
  in_every_mode([] {
    for (int i = 0; i < 10; ++i) spawn([](counted) { wait_for_ever(); }, counted{});
    const pid deaf_one = spawn([] { wait_for_ever(); });
    for (int i = 0; i < 10; ++i) send(deaf_one, counted{});
    send(self(), counted{});
  });
  EXPECT_EQ(alive, 0);
}

TEST(spawn, registers_the_name_before_it_returns) {
  in_every_mode([] {
    spawn_options named;
    named.name = "ada";
    named.label = "a label";
    for (int i = 0; i < 3; ++i) {  // the third in a slot that has been used
      const auto [child, watch] = spawn_monitor(named, [] { receive<sum>(); });
      EXPECT_EQ(whereis("ada"), child);
      EXPECT_EQ(info(child)->name, "ada");
      EXPECT_EQ(info(child)->label, "a label");
      send("ada", sum{0});
      EXPECT_EQ(news_of(watch), reason::normal);
    }
  });
}

TEST(spawn, refuses_a_scheduler_that_does_not_exist_and_names_the_option) {
  in_every_mode([] {
    spawn_options far;
    far.scheduler = scheduler_count();
    try {
      spawn(far, [] {});
      ADD_FAILURE() << "was accepted";
    } catch (const usage_error& refused) {
      EXPECT_NE(std::string(refused.what()).find("spawn_options::scheduler"), std::string::npos) << refused.what();
    }
  });
}

TEST(spawn, refuses_an_impossible_stack_and_names_the_option) {
  in_every_mode([] {
    spawn_options huge;
    huge.max_stack = std::size_t{1} << 40;
    try {
      spawn(huge, [] {});
      ADD_FAILURE() << "was accepted";
    } catch (const usage_error& refused) {
      EXPECT_NE(std::string(refused.what()).find("max_stack"), std::string::npos) << refused.what();
    }
    spawn_options odd;
    odd.prio = static_cast<priority>(7);
    EXPECT_THROW(spawn(odd, [] {}), usage_error);
  });
}

// Touches that many bytes of stack.
int use_stack(std::size_t bytes) {
  volatile char block[16 * 1024];
  block[0] = 1;
  block[sizeof block - 1] = 1;
  return bytes <= sizeof block ? block[0] : block[0] + use_stack(bytes - sizeof block);
}

TEST(spawn, gives_a_stack_of_the_size_asked_for) {
  in_every_mode([] {
    for (const std::size_t wanted : {std::size_t{1} << 20, std::size_t{16} << 20}) {
      spawn_options deep;
      deep.max_stack = wanted;
      const auto [child, watch] = spawn_monitor(
          deep, [](pid to, std::size_t bytes) { send(to, sum{use_stack(bytes)}); }, self(), wanted / 2);
      EXPECT_GT(receive<sum>().value, 0);
      EXPECT_EQ(news_of(watch), reason::normal);
    }
  });
}

TEST(spawn, can_start_with_trapped_exits) {
  in_every_mode([] {
    spawn_options trapping;
    trapping.trap_exit = true;
    const pid child = spawn(
        trapping, [](pid to) { send(to, receive<exited>().why); }, self());
    exit(child, reason::shutdown);
    EXPECT_EQ(receive<reason>(), reason::shutdown);
  });
}

TEST(spawn, tells_the_child_who_its_parent_is) {
  in_every_mode([] {
    spawn([](pid to) { send(to, parent()); }, self());
    EXPECT_EQ(receive<pid>(), self());
    const pid child = spawn([] { wait_for_ever(); });
    EXPECT_EQ(info(child)->parent, self());
  });
}

TEST(spawn, first_process_has_no_parent) {
  in_every_mode([] {
    EXPECT_FALSE(parent());
    EXPECT_FALSE(info(self())->parent);
  });
}

TEST(spawn, self_is_the_pid_that_spawn_returned) {
  in_every_mode([] {
    const pid child = spawn([](pid to) { send(to, self()); }, self());
    EXPECT_EQ(receive<pid>(), child);
  });
}

TEST(spawn, makes_ten_thousand_that_all_run) {
  in_every_mode([] {
    for (int i = 0; i < 10'000; ++i) spawn([](pid to, int value) { send(to, sum{value}); }, self(), i);
    std::int64_t total = 0;
    for (int i = 0; i < 10'000; ++i) total += receive<sum>().value;
    EXPECT_EQ(total, 10'000ll * 9'999 / 2);
  });
}

TEST(spawn_link, is_linked_before_the_child_runs) {
  in_every_mode([] {
    trap_exit(true);
    for (int i = 0; i < 100; ++i) {
      const pid child = spawn_link([] { exit(reason::timeout); });
      const exited news = receive<exited>();
      EXPECT_EQ(news.from, child);
      EXPECT_EQ(news.why, reason::timeout);
    }
  });
}

TEST(spawn_monitor, is_monitored_before_the_child_runs) {
  in_every_mode([] {
    for (int i = 0; i < 100; ++i) {
      const auto [child, watch] = spawn_monitor([] { exit(reason::timeout); });
      const down news = receive<down>();
      EXPECT_EQ(news.monitor, watch);
      EXPECT_EQ(news.from, child);
      EXPECT_EQ(news.why, reason::timeout);
    }
  });
}

}  // namespace
}  // namespace mote::test
