// pid, ref, alias, reason and the errors as values.
#include "tests/in_process.hpp"

#include <sstream>
#include <stdexcept>
#include <system_error>
#include <unordered_set>

namespace mote::test {
namespace {

TEST(pid, is_printed_and_parsed_back) {
  for (const pid who : {pid(1, 0, 1), pid(7, 4'294'967'295u, 4'294'967'295u), pid(~std::uint64_t{0}, 12, 3), pid()}) {
    EXPECT_EQ(parse_pid(to_string(who)), who) << who;
  }
  EXPECT_EQ(to_string(pid(1, 2, 3)), "<1.2.3>");
  std::ostringstream out;
  out << pid(4, 5, 6);
  EXPECT_EQ(out.str(), "<4.5.6>");
}

TEST(pid, is_not_parsed_from_another_text) {
  for (const char* text : {"",
                           "<",
                           "<>",
                           "<1.2.3",
                           "1.2.3>",
                           "<1.2>",
                           "<1.2.3.4>",
                           "<1.2.x>",
                           "<1.2.-3>",
                           "< 1.2.3>",
                           "<1.2.3 >",
                           "<01.2.3>",
                           "<1.2.4294967296>",
                           "<1.4294967296.1>",
                           "<18446744073709551616.1.1>",
                           "<1,2,3>",
                           "<1.2.+3>",
                           "<..>",
                           "<1..3>",
                           "<1.2.>",
                           "<1.2.3>>",
                           "<<1.2.3>"}) {
    EXPECT_EQ(parse_pid(text), std::nullopt) << text;
  }
}

TEST(pid, is_ordered_and_hashed) {
  EXPECT_LT(pid(1, 2, 3), pid(1, 2, 4));
  EXPECT_LT(pid(1, 2, 3), pid(1, 3, 0));
  EXPECT_LT(pid(1, 2, 3), pid(2, 0, 0));
  std::unordered_set<std::size_t> hashes;
  for (std::uint32_t index = 0; index < 100; ++index) {
    for (std::uint32_t generation = 1; generation < 100; ++generation) {
      hashes.insert(std::hash<pid>()(pid(1, index, generation)));
    }
  }
  EXPECT_GT(hashes.size(), 9'850u);
}

TEST(pid, made_by_default_names_nobody) {
  EXPECT_FALSE(pid());
  EXPECT_TRUE(pid(1, 0, 1));
  EXPECT_FALSE(ref());
  EXPECT_FALSE(alias());
}

TEST(ref, is_printed_and_unique) {
  std::ostringstream out;
  out << ref(5, 6);
  EXPECT_EQ(out.str(), to_string(ref(5, 6)));
  in_every_mode([] {
    std::unordered_set<ref> seen;
    for (int i = 0; i < 100; ++i) {
      const ref watch = monitor(self());
      EXPECT_TRUE(seen.insert(watch).second);
      demonitor(watch);
    }
  });
}

struct refusal {
  int code;
};

TEST(reason, says_what_it_is) {
  EXPECT_EQ(reason(), reason::normal);
  EXPECT_FALSE(reason::normal);
  EXPECT_FALSE(reason::shutdown);
  EXPECT_TRUE(reason::normal.is_orderly());
  for (const reason& why : {reason::kill, reason::killed, reason::noproc, reason::timeout, reason::error("")}) {
    EXPECT_TRUE(why) << why;
    EXPECT_FALSE(why.is_orderly());
  }
  EXPECT_EQ(reason(reason_kind::signal, 9).code(), 9);
}

TEST(reason, is_equal_by_kind_code_text_and_type) {
  EXPECT_EQ(reason::error("a", 1), reason::error("a", 1));
  EXPECT_NE(reason::error("a", 1), reason::error("a", 2));
  EXPECT_NE(reason::error("a", 1), reason::error("b", 1));
  EXPECT_NE(reason::error(""), reason::timeout);
  EXPECT_EQ(reason::with(refusal{1}), reason::with(refusal{2}));
  EXPECT_NE(reason::with(refusal{1}), reason::with(1));
}

TEST(reason, keeps_a_value_over_copies_and_moves) {
  reason first = reason::with(std::string(100, 'v'), "a text");
  const reason copy = first;
  const reason moved = std::move(first);
  first = copy;
  for (const reason* one : {&copy, &moved, static_cast<const reason*>(&first)}) {
    ASSERT_NE(one->value<std::string>(), nullptr);
    EXPECT_EQ(*one->value<std::string>(), std::string(100, 'v'));
    EXPECT_EQ(one->value<int>(), nullptr);
    EXPECT_EQ(one->text(), "a text");
  }
  EXPECT_EQ(reason::normal.value<int>(), nullptr);
}

TEST(reason, comes_from_exceptions) {
  const auto from = [](auto thrown) { return reason::from_exception(std::make_exception_ptr(thrown)); };
  EXPECT_EQ(from(std::runtime_error("text")).text(), "text");
  EXPECT_EQ(from(std::system_error(std::make_error_code(std::errc::io_error))).code(),
            static_cast<int>(std::errc::io_error));
  EXPECT_EQ(from(5).type(), "int");
  EXPECT_EQ(from(no_reply(reason::killed)), reason::killed);
  EXPECT_EQ(from(no_reply(reason::normal)).kind(), reason_kind::error);
}

TEST(reason, is_printed) {
  EXPECT_EQ(to_string(reason::normal), "normal");
  EXPECT_EQ(to_string(reason::error("text", 5)), "error: text (code 5)");
  std::ostringstream out;
  out << reason::from_exception(std::make_exception_ptr(std::out_of_range("far")));
  EXPECT_EQ(out.str(), "error: far (std::out_of_range)");
  for (int kind = 0; kind <= static_cast<int>(reason_kind::custom); ++kind) {
    EXPECT_NE(to_string(static_cast<reason_kind>(kind)), "?");
  }
}

TEST(reason, travels_as_a_message) {
  in_every_mode([] {
    spawn([](pid to) { send(to, reason::with(refusal{9}, "no")); }, self());
    const reason got = receive<reason>();
    EXPECT_EQ(got.value<refusal>()->code, 9);
  });
}

TEST(errors, name_the_limit_and_carry_a_code) {
  const system_limit limit(std::errc::not_enough_memory, "no stacks left: 5");
  EXPECT_EQ(limit.code(), std::errc::not_enough_memory);
  EXPECT_NE(std::string(limit.what()).find("no stacks left: 5"), std::string::npos);
  const no_reply none(reason::error("broken"));
  EXPECT_EQ(none.why(), reason::error("broken"));
  EXPECT_NE(std::string(none.what()).find("broken"), std::string::npos);
}

}  // namespace
}  // namespace mote::test
