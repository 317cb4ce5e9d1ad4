#include "tools/mote_dump/dump_file.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <set>
#include <stdexcept>
#include <utility>

namespace mote::dump_tool {

namespace {

using nlohmann::json;
using detail::event_record;
using detail::module_record;
using detail::process_record;
using detail::scheduler_record;
using detail::short_text;
using detail::some_pids;

// Throws std::runtime_error for what is none, or does not fit.
template <class Whole = std::uint64_t>
Whole number(const json& of, const char* name, Whole otherwise = 0) {
  const auto found = of.find(name);
  if (found == of.end()) return otherwise;
  const bool fits = found->is_number_unsigned()  ? std::in_range<Whole>(found->get<std::uint64_t>())
                    : found->is_number_integer() ? std::in_range<Whole>(found->get<std::int64_t>())
                                                 : false;
  if (!fits) throw std::runtime_error(std::string(name) + " is " + found->dump() + ", which cannot be");
  return found->get<Whole>();
}

pid pid_in(const json& of, const char* name) {
  const std::string text = of.value(name, std::string());
  if (text.empty()) return {};
  const auto read = parse_pid(text);
  if (!read) throw std::runtime_error("\"" + text + "\" is no pid");
  return *read;
}

std::uint64_t address(const json& of) {
  const auto text = of.get<std::string>();
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  if (!text.starts_with("0x") || std::from_chars(text.data() + 2, end, value, 16).ptr != end) {
    throw std::runtime_error("\"" + text + "\" is no address");
  }
  return value;
}

// Bytes that are not ASCII were written as \u00XX each.
std::string bytes_of(const std::string& utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto one = static_cast<unsigned char>(utf8[i]);
    if ((one & 0xFE) != 0xC2 || i + 1 == utf8.size()) {
      bytes += utf8[i];
    } else {
      bytes += static_cast<char>((one & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3F));
    }
  }
  return bytes;
}

template <std::size_t Size>
void read_text(const json& of, const char* name, short_text<Size>& into) {
  into.assign(bytes_of(of.value(name, std::string())));
}

template <class Value, std::size_t Count>
Value word_in(const json& of, const char* name, const std::array<std::string_view, Count>& words) {
  const auto text = of.value(name, std::string(words[0]));
  for (std::size_t i = 0; i < Count; ++i) {
    if (words[i] == text) return static_cast<Value>(i);
  }
  throw std::runtime_error(std::string(name) + " is \"" + text + "\", which is unknown");
}

void read_pids(const json& of, const char* name, some_pids& into) {
  if (!of.contains(name)) return;
  for (const json& each : of.at(name).at("first")) {
    const auto read = parse_pid(each.get<std::string>());
    if (read) into.add(*read);
  }
  into.count = std::max<std::size_t>(into.count, number(of.at(name), "count"));
}

process_record process_in(const json& of) {
  constexpr std::array<std::string_view, 4> states{"ready", "running", "waiting", "exiting"};
  constexpr std::array<std::string_view, 6> waits{"message", "time", "reply", "descriptor", "room", "work"};
  constexpr std::array<std::string_view, 3> priorities{"high", "normal", "low"};
  process_record one;
  one.id = pid_in(of, "pid");
  one.parent = pid_in(of, "parent");
  read_text(of, "name", one.name);
  read_text(of, "label", one.label);
  read_text(of, "server", one.server);
  read_text(of, "first_message", one.first_message);
  one.state = word_in<process_state>(of, "state", states);
  one.waits_for = word_in<wait_reason>(of, "waits_for", waits);
  one.waits_for_whom = pid_in(of, "waits_for_whom");
  one.waits_for_descriptor = number<int>(of, "waits_for_descriptor", -1);
  one.waits_ns = number(of, "waits_ns");
  one.prio = word_in<priority>(of, "priority", priorities);
  one.traps_exits = of.value("traps_exits", false);
  one.pinned = number<int>(of, "pinned", -1);
  one.scheduler = number<int>(of, "scheduler", -1);
  one.messages = number(of, "messages");
  one.message_bytes = number(of, "message_bytes");
  read_pids(of, "links", one.links);
  read_pids(of, "monitors", one.monitors);
  read_pids(of, "watchers", one.watchers);
  one.stack_bytes = number(of, "stack_bytes");
  one.stack_limit = number(of, "stack_limit");
  one.reductions = number(of, "reductions");
  for (const json& each : of.at("frames")) {
    if (one.frames < process_record::most_frames) one.frame[one.frames++] = address(each);
  }
  return one;
}

// event_record keeps a view: of a word that is kept here.
std::string_view kept(const std::string& word) {
  static std::set<std::string> words;
  return *words.insert(word).first;
}

scheduler_record scheduler_in(const json& of) {
  scheduler_record one;
  one.index = number<unsigned>(of, "index");
  one.thread = number<int>(of, "thread");
  one.running = pid_in(of, "running");
  one.sleeps = of.value("sleeps", false);
  one.counts = {number(of, "turns"),      number(of, "slept"), number(of, "shares"),   number(of, "steals"),
                number(of, "migrations"), number(of, "raids"), number(of, "handoffs"), number(of, "ready"),
                number(of, "timers")};
  for (const json& each : of.at("events")) {
    if (one.events == scheduler_record::most_events) break;
    one.event[one.events++] = {kept(each.value("what", std::string("?"))), pid_in(each, "pid"), pid_in(each, "other"),
                               number(each, "number")};
  }
  return one;
}

module_record module_in(const json& of) {
  module_record one;
  read_text(of, "path", one.path);
  one.base = address(of.at("base"));
  one.begin = address(of.at("begin"));
  one.end = address(of.at("end"));
  return one;
}

dumped_runtime runtime_in(const json& of) {
  dumped_runtime one;
  read_text(of, "cause", one.whole.cause);
  one.whole.os_process = number<int>(of, "os_process");
  one.whole.place = number(of, "place");
  one.whole.now_ns = number(of, "now_ns");
  one.whole.still = of.value("still", false);
  one.whole.processes = number(of, "alive");
  one.whole.spawned = number(of, "spawned");
  one.whole.ended = number(of, "ended");
  one.whole.abandoned = number(of, "abandoned");
  one.whole.process_bytes = number(of, "process_bytes");
  one.whole.resident_bytes = number(of, "resident_bytes");
  one.whole.injected = number(of, "injected");
  one.whole.stacks = number(of, "stacks");
  one.whole.stack_address_bytes = number(of, "stack_address_bytes");
  one.whole.message_bytes = number(of, "message_bytes");
  one.whole.threads = number(of, "threads");
  one.whole.threads_lacked = number(of, "threads_lacked");
  for (const json& each : of.at("schedulers")) one.schedulers.push_back(scheduler_in(each));
  for (const json& each : of.at("processes")) one.processes.push_back(process_in(each));
  for (const json& each : of.at("modules")) one.modules.push_back(module_in(each));
  return one;
}

}  // namespace

std::vector<dumped_runtime> read_dump(std::istream& from) {
  try {
    const json all = json::parse(from);
    if (number(all, "mote_dump") != 1) throw std::runtime_error("this is no dump of mote's, or of a version unknown here");
    std::vector<dumped_runtime> runtimes;
    for (const json& each : all.at("runtimes")) runtimes.push_back(runtime_in(each));
    return runtimes;
  } catch (const json::exception& wrong) {
    throw std::runtime_error(std::string("not a whole dump: ") + wrong.what());
  }
}

}  // namespace mote::dump_tool
