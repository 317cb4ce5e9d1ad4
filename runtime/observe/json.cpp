#include "runtime/observe/json.hpp"

#include "runtime/os/symbols.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace mote::detail {

// ---- json_out ----

bool json_out::flush() noexcept {
  for (std::size_t at = 0; at < filled_ && error_ == 0;) {
    const ssize_t put = ::write(descriptor_, buffer_.data() + at, filled_ - at);
    if (put > 0) {
      at += static_cast<std::size_t>(put);
    } else if (put == 0 || errno != EINTR) {
      error_ = put == 0 ? EIO : errno;
    }
  }
  filled_ = 0;
  return error_ == 0;
}

void json_out::put(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (filled_ == buffer_.size()) flush();
    const std::size_t now = std::min(bytes.size(), buffer_.size() - filled_);
    std::memcpy(buffer_.data() + filled_, bytes.data(), now);
    filled_ += now;
    bytes.remove_prefix(now);
  }
}

void json_out::separate() noexcept {
  if (comma_) put(",");
  comma_ = true;
}

json_out& json_out::begin(char bracket) noexcept {
  separate();
  comma_ = false;
  put({&bracket, 1});
  return *this;
}

json_out& json_out::end(char bracket) noexcept {
  comma_ = true;
  put({&bracket, 1});
  return *this;
}

json_out& json_out::key(std::string_view name) noexcept {
  text(name);
  put(":");
  comma_ = false;
  return *this;
}

// Bytes that are no UTF-8 would make the file unreadable: labels come from users, and may be cut within a letter.
void json_out::escape(std::string_view bytes) noexcept {
  for (const char one : bytes) {
    const auto code = static_cast<unsigned char>(one);
    if (one == '"' || one == '\\') {
      put("\\");
      put({&one, 1});
    } else if (code < 0x20 || code >= 0x7f) {
      constexpr std::string_view digits = "0123456789abcdef";
      const std::array<char, 6> escaped{'\\', 'u', '0', '0', digits[code >> 4], digits[code & 0xf]};
      put({escaped.data(), escaped.size()});
    } else {
      put({&one, 1});
    }
  }
}

json_out& json_out::text(std::string_view value) noexcept {
  separate();
  put("\"");
  escape(value);
  put("\"");
  return *this;
}

void json_out::put_digits(std::uint64_t value, int base) noexcept {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  put({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

json_out& json_out::number(std::uint64_t value) noexcept {
  separate();
  put_digits(value, 10);
  return *this;
}

json_out& json_out::hex(std::uint64_t value) noexcept {
  separate();
  put("\"0x");
  put_digits(value, 16);
  put("\"");
  return *this;
}

json_out& json_out::truth(bool value) noexcept {
  separate();
  put(value ? "true" : "false");
  return *this;
}

json_out& json_out::one(pid value) noexcept {
  separate();
  put("\"<");
  put_digits(value.place(), 10);
  put(".");
  put_digits(value.index(), 10);
  put(".");
  put_digits(value.generation(), 10);
  put(">\"");
  return *this;
}

json_out& json_out::line() noexcept {
  if (comma_) put(",");
  comma_ = false;
  put("\n");
  return *this;
}

json_out& json_out::last_line() noexcept {
  put("\n");
  return *this;
}

// ---- modules ----

void module_list::add_of(std::uint64_t address) noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    if (address >= modules_[i].begin && address < modules_[i].end) return;
  }
  if (count_ == most) return;
  const module_place found = find_module(reinterpret_cast<const void*>(address));
  if (found.begin == found.end) return;
  module_record& made = modules_[count_++];
  made.path.assign(found.path);
  made.base = found.base;
  made.begin = found.begin;
  made.end = found.end;
}

void module_list::write(json_out& out) const noexcept {
  out.begin('[');
  for (std::size_t i = 0; i < count_; ++i) {
    const module_record& one = modules_[i];
    out.line().begin('{').key("path").text(one.path.view()).key("base").hex(one.base);
    out.key("begin").hex(one.begin).key("end").hex(one.end).end('}');
  }
  out.end(']');
}

// ---- records ----

namespace {

void write_pids(json_out& out, std::string_view name, const some_pids& some) noexcept {
  if (some.count == 0) return;
  out.key(name).begin('{').key("count").number(some.count).key("first").begin('[');
  for (std::size_t i = 0; i < some.shown(); ++i) out.one(some.first[i]);
  out.end(']').end('}');
}

void write_text(json_out& out, std::string_view name, std::string_view value) noexcept {
  if (!value.empty()) out.key(name).text(value);
}

void write_wait(json_out& out, const process_record& one) noexcept {
  if (one.state != process_state::waiting) return;
  out.key("waits_for").text(to_string(one.waits_for)).key("waits_ns").number(one.waits_ns);
  if (one.waits_for_whom) out.key("waits_for_whom").one(one.waits_for_whom);
  if (one.waits_for_descriptor >= 0) {
    out.key("waits_for_descriptor").number(static_cast<std::uint64_t>(one.waits_for_descriptor));
  }
}

std::string_view word_for(priority value) noexcept {
  return value == priority::high ? "high" : value == priority::low ? "low" : "normal";
}

}  // namespace

void write(json_out& out, const process_record& one, module_list& modules) noexcept {
  out.begin('{').key("pid").one(one.id);
  write_text(out, "name", one.name.view());
  write_text(out, "label", one.label.view());
  write_text(out, "server", one.server.view());
  if (one.parent) out.key("parent").one(one.parent);
  out.key("state").text(to_string(one.state));
  write_wait(out, one);
  out.key("priority").text(word_for(one.prio)).key("traps_exits").truth(one.traps_exits);
  if (one.pinned >= 0) out.key("pinned").number(static_cast<std::uint64_t>(one.pinned));
  if (one.scheduler >= 0) out.key("scheduler").number(static_cast<std::uint64_t>(one.scheduler));
  out.key("messages").number(one.messages).key("message_bytes").number(one.message_bytes);
  write_text(out, "first_message", one.first_message.view());
  write_pids(out, "links", one.links);
  write_pids(out, "monitors", one.monitors);
  write_pids(out, "watchers", one.watchers);
  out.key("stack_bytes").number(one.stack_bytes).key("stack_limit").number(one.stack_limit);
  out.key("reductions").number(one.reductions).key("frames").begin('[');
  for (std::size_t i = 0; i < one.frames; ++i) {
    modules.add_of(one.frame[i]);
    out.hex(one.frame[i]);
  }
  out.end(']').end('}');
}

void write(json_out& out, const scheduler_record& one) noexcept {
  out.begin('{').key("index").number(one.index).key("thread").number(static_cast<std::uint64_t>(one.thread));
  if (one.running) out.key("running").one(one.running);
  out.key("sleeps").truth(one.sleeps);
  const scheduler_statistics& of = one.counts;
  out.key("turns").number(of.turns).key("slept").number(of.sleeps).key("shares").number(of.shares);
  out.key("steals").number(of.steals).key("migrations").number(of.migrations).key("raids").number(of.raids).key("handoffs").number(of.handoffs);
  out.key("ready").number(of.ready).key("timers").number(of.timers).key("events").begin('[');
  for (std::size_t i = 0; i < one.events; ++i) {
    const event_record& event = one.event[i];
    out.begin('{').key("what").text(event.what);
    if (event.subject) out.key("pid").one(event.subject);
    if (event.other) out.key("other").one(event.other);
    if (event.number != 0) out.key("number").number(event.number);
    out.end('}');
  }
  out.end(']').end('}');
}

void write(json_out& out, const runtime_record& one) noexcept {
  out.key("cause").text(one.cause.view()).key("os_process").number(static_cast<std::uint64_t>(one.os_process));
  out.key("place").number(one.place).key("now_ns").number(one.now_ns).key("still").truth(one.still);
  out.key("alive").number(one.processes).key("spawned").number(one.spawned).key("ended").number(one.ended);
  out.key("abandoned").number(one.abandoned).key("process_bytes").number(one.process_bytes);
  out.key("resident_bytes").number(one.resident_bytes).key("injected").number(one.injected);
  out.key("stacks").number(one.stacks).key("stack_address_bytes").number(one.stack_address_bytes);
  out.key("threads").number(one.threads).key("threads_lacked").number(one.threads_lacked);
}

}  // namespace mote::detail
