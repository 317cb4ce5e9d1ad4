// <mote/observe.hpp>: dump.
#include "runtime/observe/dump.hpp"

#include "runtime/os/address_space.hpp"
#include "runtime/os/memory_file.hpp"
#include "runtime/os/symbols.hpp"

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
    if (collect(home_, home_.table.at(index), threads, next)) ++count_;
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
    if (collect(home, home.table.at(index), threads, one)) write(out.line(), one, modules);
  }
  out.end(']').key("modules");
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

}  // namespace mote::detail

namespace mote {

std::string dump(dump_format how) {
  using namespace detail;
  const entry door("mote::dump");
  detail::runtime& home = door.home();
  const std::string cause = "dump asked for by " + to_string(home.table.pid_of(door.self().key()));
  if (how == dump_format::text) {
    snapshot all(home);
    all.take(still_threads(home, registers_here()), cause);
    return all.as_text();
  }
  const memory_file file("mote-dump");
  {
    json_out out(file.descriptor());
    write_json(out.begin('{').key("mote_dump").number(1).key("runtimes").begin('['), home,
               still_threads(home, registers_here()), cause);
    out.end(']').end('}').last_line();
  }
  return file.content();
}

}  // namespace mote
