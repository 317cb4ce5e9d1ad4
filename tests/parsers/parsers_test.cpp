// Whatever comes in from outside is read or refused: the protocol of the example server, the frames of isolated processes, the
// codec of messages, and the reader of dumps. Bar 18.
#include "examples/resp.hpp"
#include "runtime/worker/frames.hpp"
#include "tests/parsers/mutation.hpp"
#include "tools/mote_dump/dump_file.hpp"

#include <mote/mote.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <sstream>
#include <variant>

namespace {

using namespace mote::detail;
using mote::test::feed;
using mote::test::feed_much;
using mote::test::repeated;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// ---- the protocol ----

constexpr std::size_t a_megabyte = 1 << 20;

/// In portions of that size. How many commands there were.
std::size_t read_commands(const std::string& input, std::size_t portion) {
  const resp::limits most{.words = 64, .word_bytes = 4096, .command_bytes = 16384, .line_bytes = 1024};
  resp::parser parser(most);
  std::vector<std::string_view> words;
  std::size_t commands = 0;
  for (std::size_t at = 0; at < input.size(); at += portion) {
    parser.feed(std::string_view(input).substr(at, portion));
    resp::parser::outcome found;
    while ((found = parser.next(words)) == resp::parser::outcome::command) {
      EXPECT_TRUE(!words.empty() && words.size() <= most.words);
      for (const std::string_view word : words) EXPECT_LE(word.size(), most.command_bytes);
      ++commands;
    }
    if (found == resp::parser::outcome::broken) break;
  }
  return commands;
}

std::vector<std::string> resp_seeds() {
  return {"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$12\r\nvalue\r\nwith\n\r\n", "PING\r\n  get   key \n\r\n*0\r\n*-1\r\n",
          "*2\r\n$3\r\nGET\r\n$0\r\n\r\n*1\r\n$4\r\nQUIT\r\n"};
}

TEST(parsers, resp_is_read_or_refused) {
  std::size_t portion = 0;
  feed("resp", resp_seeds(), [&](const std::string& input) { return read_commands(input, 1 + ++portion % 40) != 0; });
}

TEST(parsers, a_megabyte_of_resp_is_read_or_refused_soon) {
  feed_much(repeated(resp_seeds()[0], a_megabyte), [](const std::string& input) { read_commands(input, 4096); });
  feed_much(std::string(a_megabyte, 'x'), [](const std::string& input) { read_commands(input, 1); });
}

// ---- frames ----

struct news {
  int number;
  std::string text;
  std::vector<double> values;
};

std::vector<outbound> frames_of_each_kind() {
  const envelope_ptr mail(make_envelope(news{1, "text", {1.5, 2.5}}));
  start_frame start;
  start.parent = mote::pid(1, 2, 3);
  start.label = "label";
  start.function_and_arguments.resize(20);
  return {pack(head_of(mote::pid(1, 2, 3), {}, *mail), *mail), pack(start), pack(finished_frame{mote::reason::shutdown}),
          pack(signal_frame{mote::pid(1, 2, 3), mote::pid(4, 0, 1), signal_kind::exit, 5, 6, mote::reason::error("why")})};
}

std::vector<std::string> packets() {
  std::vector<std::string> all(1);
  for (const outbound& one : frames_of_each_kind()) {
    all.push_back(text_of(one.frame));
    all.front() += all.back();
  }
  return all;
}

void read_body(frame_kind kind, std::span<const std::byte> body) {
  mote::decoder in(body);
  switch (kind) {
    case frame_kind::mail: {
      const auto head = in.get<mail_frame>();
      unpack(head, in);
      break;
    }
    case frame_kind::signal: in.get<signal_frame>(); break;
    case frame_kind::finished: in.get<finished_frame>(); break;
    case frame_kind::start: in.get<start_frame>(); break;
  }
  check_end(in);
}

/// Whether the first frame had a kind and a length.
bool read_packet(const std::string& input) {
  bool begun = false;
  try {
    for (frame_reader frames(bytes_of(input)); !frames.at_end(); begun = true) {
      std::span<const std::byte> body;
      const frame_kind kind = frames.next(body);
      begun = true;
      read_body(kind, body);
    }
  } catch (const mote::decode_error&) {
  }
  return begun;
}

TEST(parsers, packets_of_frames_are_read_or_refused) { feed("frames", packets(), read_packet); }

TEST(parsers, a_megabyte_of_frames_is_read_or_refused_soon) { feed_much(repeated(packets()[0], a_megabyte), read_packet); }

// What is sent on under another name: its length and kind are its own, whatever it holds.
TEST(parsers, a_message_that_is_readdressed_is_sent_on_or_refused) {
  const std::string whole = text_of(frames_of_each_kind()[0].frame);
  constexpr std::size_t head = 5;
  feed("readdressed", {whole.substr(head)}, [&](const std::string& input) {
    const std::string frame = whole.substr(0, head) + input;
    try {
      const outbound made = readdressed({{bytes_of(frame).begin(), bytes_of(frame).end()}}, mote::pid(7, 7, 7), mote::ref(9, 1));
      EXPECT_TRUE(read_packet(text_of(made.frame)));
      return true;
    } catch (const mote::decode_error&) {
      return false;
    }
  });
}

// ---- messages ----

struct leaf {
  bool flag;
  std::uint16_t small;
  std::optional<std::string> name;
};
struct tree {
  std::map<std::string, std::vector<leaf>> parts;
  std::variant<int, std::string, leaf> choice;
  std::vector<std::vector<std::string>> table;
  std::chrono::nanoseconds time;
  mote::reason why;
  mote::pid who;
  mote::bytes raw;
};

std::string encoded(const tree& value) {
  mote::encoder out;
  out.put(value);
  return text_of(out.view());
}

std::vector<std::string> messages() {
  const leaf one{true, 7, "seven"}, other{false, 0, std::nullopt};
  tree big{{{"a", {one, other}}, {"b", {}}}, std::string("text"), {{"x", "yy"}, {}, {"z"}}, std::chrono::seconds(3),
           mote::reason::error("why"), mote::pid(1, 2, 3), mote::bytes(bytes_of("raw bytes"))};
  tree small{};
  std::vector<std::string> all{encoded(small), encoded(big)};
  big.choice = one;
  all.push_back(encoded(big));
  return all;
}

/// What is read can be written, and is then as long as what it was read from or less.
bool read_message(const std::string& input) {
  try {
    mote::decoder in(bytes_of(input));
    const auto value = in.get<tree>();
    const std::string again = encoded(value);
    mote::decoder second(bytes_of(again));
    EXPECT_EQ(encoded(second.get<tree>()).size(), again.size());
    return true;
  } catch (const mote::decode_error&) {
    return false;
  }
}

TEST(parsers, messages_are_read_or_refused) { feed("messages", messages(), read_message); }

TEST(parsers, a_megabyte_of_a_message_is_read_or_refused_soon) {
  tree wide{};
  for (std::size_t i = 0; i < a_megabyte / 16; ++i) wide.table.push_back({"12345678"});
  feed_much(encoded(wide), read_message);
}

// ---- dumps ----

std::string a_dump() {
  std::string text;
  mote::run(
      [&] {
        mote::spawn([] { mote::receive<leaf>(); });
        mote::register_name("root of it", mote::self());
        mote::yield();
        text = mote::dump(mote::dump_format::json);
      },
      {.schedulers = 2, .max_processes = 64});
  return text;
}

/// Whether it was JSON at all.
bool read_dump(const std::string& input) {
  std::istringstream text(input);
  try {
    mote::dump_tool::read_dump(text);
    return true;
  } catch (const std::runtime_error&) {
    return nlohmann::json::accept(input);
  }
}

TEST(parsers, dumps_are_read_or_refused) { feed("dumps", {a_dump()}, read_dump); }

TEST(parsers, numbers_of_a_dump_that_cannot_be_are_refused_by_name) {
  for (const char* const number : {"-1", "9.5", "9055930000000000000000", "18446744073709551616", "\"7\"", "4294967296"}) {
    auto all = nlohmann::json::parse(a_dump());
    all["runtimes"][0]["os_process"] = nlohmann::json::parse(number);
    std::istringstream text(all.dump());
    try {
      mote::dump_tool::read_dump(text);
      EXPECT_STREQ(number, "-1");  // an int
    } catch (const std::runtime_error& refused) {
      EXPECT_NE(std::string(refused.what()).find("os_process is"), std::string::npos) << refused.what();
    }
  }
}

TEST(parsers, a_megabyte_of_a_dump_is_read_or_refused_soon) {
  const std::string whole = a_dump();
  const auto all = nlohmann::json::parse(whole);
  auto wide = all;
  auto& processes = wide["runtimes"][0]["processes"];
  const auto one = processes[0];
  while (processes.size() * one.dump().size() < a_megabyte) processes.push_back(one);
  feed_much(wide.dump(), read_dump);
}

}  // namespace
