// <mote/observe.hpp>: dump.
#include "runtime/observe/dump.hpp"

#include "runtime/os/address_space.hpp"
#include "runtime/os/memory_file.hpp"
#include "runtime/os/symbols.hpp"
#include "runtime/os/system_refusal.hpp"
#include "runtime/process/outside.hpp"

#include <mote/runtime.hpp>

#include <memory>
#include <new>
#include <unordered_map>

namespace mote::detail {

namespace {

constexpr std::size_t room_for_newcomers = 64;

std::size_t bytes_for(std::size_t records) noexcept {
  const std::size_t page = page_bytes();
  return (records * sizeof(process_record) + page - 1) / page * page;
}

}  // namespace

snapshot::snapshot(runtime& home)
    : home_(home), schedulers_(home.schedulers.size()), room_(home.table.carved() + room_for_newcomers) {
  std::byte* const begin = reserve_addresses(bytes_for(room_));
  if (begin == nullptr) throw std::bad_alloc();
  processes_ = reinterpret_cast<process_record*>(begin);
  if (allow_access(begin, bytes_for(room_))) return;
  release_addresses(begin, bytes_for(room_));
  throw std::bad_alloc();
}

snapshot::~snapshot() { release_addresses(reinterpret_cast<std::byte*>(processes_), bytes_for(room_)); }

void snapshot::take(const still_threads& threads, std::string_view cause) noexcept {
  collect(home_, threads, cause, whole_);
  for (std::size_t i = 0; i < schedulers_.size(); ++i) {
    collect(home_, static_cast<const core&>(home_.schedulers[i]), schedulers_[i]);
  }
  count_ = 0;
  for (std::uint32_t index = 0; index < home_.table.carved() && count_ < room_; ++index) {
    process_record& next = *::new (static_cast<void*>(processes_ + count_)) process_record;
    if (!collect(home_, home_.table.at(index), threads, next)) continue;
    ++count_;
    whole_.message_bytes += next.message_bytes;
  }
}

std::string snapshot::as_text() const {
  std::string text = detail::as_text(whole_);
  for (const scheduler_record& one : schedulers_) text += detail::as_text(one);
  text += supervision_tree(processes());
  const frame_namer name_of = own_frames();
  for (const process_record& one : processes()) text += detail::as_text(one, name_of);
  return text;
}

void write_json(json_out& out, runtime& home, const still_threads& threads, std::string_view cause) noexcept {
  runtime_record whole;
  collect(home, threads, cause, whole);
  write(out.begin('{'), whole);
  out.key("schedulers").begin('[');
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) {
    scheduler_record one;
    collect(home, static_cast<const core&>(home.schedulers[i]), one);
    write(out.line(), one);
  }
  out.end(']').key("processes").begin('[');
  module_list modules;
  for (std::uint32_t index = 0; index < home.table.carved(); ++index) {
    process_record one;
    if (!collect(home, home.table.at(index), threads, one)) continue;
    write(out.line(), one, modules);
    whole.message_bytes += one.message_bytes;
  }
  out.end(']').key("message_bytes").number(whole.message_bytes).key("modules");
  modules.write(out);
  out.end('}');
}

frame_namer own_frames() {
  return [known = std::make_shared<std::unordered_map<std::uint64_t, std::string>>()](std::uint64_t address) {
    std::string& name = (*known)[address];
    if (name.empty()) name = function_at(reinterpret_cast<const void*>(address));
    return name;
  };
}

namespace {

std::string text_of(runtime& home, std::string_view cause) {
  snapshot all(home);
  all.take(still_threads(home, registers_here()), cause);
  return all.as_text();
}

std::string json_of(runtime& home, std::string_view cause) {
  const memory_file file("mote-dump");
  json_out out(file.descriptor());
  write_json(out.begin('{').key("mote_dump").number(1).key("runtimes").begin('['), home, still_threads(home, registers_here()),
             cause);
  out.end(']').end('}').last_line();
  if (!out.flush()) {
    throw system_refusal(out.error(), "mote::dump: the file in memory that it is written to", asked_for::memory);
  }
  return file.content();
}

std::string dump_of(runtime& home, dump_format how, std::string_view cause) {
  return how == dump_format::text ? text_of(home, cause) : json_of(home, cause);
}

}  // namespace

}  // namespace mote::detail

namespace mote {

std::string dump(dump_format how) {
  const detail::entry door("mote::dump");
  detail::runtime& home = door.home();
  return detail::dump_of(home, how, "dump asked for by " + to_string(home.table.pid_of(door.self().key())));
}

std::string runtime_handle::dump(dump_format how) const {
  const detail::errno_kept same;
  const auto there = detail::visit::to(way_.place(), "mote::runtime_handle::dump");
  return there ? detail::dump_of(there.home(), how, "dump asked for from outside") : std::string();
}

}  // namespace mote
