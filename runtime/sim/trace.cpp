#include "runtime/sim/trace.hpp"

#include <mote/detail/message_type.hpp>
#include <mote/reason.hpp>

#include <cstdio>
#include <utility>

namespace mote::detail {

namespace {

constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return hash ^ hash >> 29;
}

bool is_worth_telling(const occurrence& one) noexcept {
  return one.what != happening::scheduler_event || (one.which != event::ready && one.which != event::idle);
}

}  // namespace

std::uint64_t occurrence::hash() const noexcept {
  std::uint64_t hash = mixed(static_cast<std::uint64_t>(what) << 16 | static_cast<std::uint64_t>(which) << 8 | scheduler, time_ns);
  hash = mixed(mixed(hash, who), other);
  for (const char* letter = text; *letter != 0; ++letter) hash = (hash ^ static_cast<unsigned char>(*letter)) * 1099511628211u;
  return type != nullptr ? mixed(hash, type->hash) : hash;
}

void run_trace::add(const occurrence& one) {
  const std::uint64_t hash = one.hash();
  hash_ = mixed(hash_, hash);
  if (follows_ != nullptr && !parted_ && !follows_->has(count_, hash)) parted_ = parting{count_, told(one), told()};
  if (records_) record(one, hash);
  if (keeps_ != 0 && is_worth_telling(one)) {
    if (last_.size() == keeps_) last_.pop_front();
    last_.push_back({one, count_, {}});
  }
  ++count_;
}

void run_trace::record(const occurrence& one, std::uint64_t hash) {
  recorded_.push_back(hash);
  if (recorded_whole_.size() < most_recorded_whole) recorded_whole_.push_back(one);
}

std::string run_trace::told_at(std::uint64_t number) const {
  if (number >= count_) return {};
  return number < recorded_whole_.size() ? told(recorded_whole_[number]) : "(too late to be kept)";
}

void run_trace::say(std::string text) {
  if (keeps_ == 0) return;
  if (last_.size() == keeps_) last_.pop_front();
  last_.push_back({{}, count_, std::move(text)});
}

std::string run_trace::name_of(std::uint64_t key) const {
  const auto found = names_.find(key);
  const std::string number = "p" + std::to_string(static_cast<std::uint32_t>(key)) + "." + std::to_string(key >> 32);
  return found == names_.end() || found->second.empty() ? number : number + " " + found->second;
}

namespace {

std::string told_event(const run_trace& all, const occurrence& one) {
  switch (one.which) {
    case event::run:
      return "runs";
    case event::ready:
      return "is ready";
    case event::spawn:
      return one.other != 0 ? "begins to be, made by " + all.name_of(one.other) : "begins to be";
    case event::exit:
      return std::string("has ended: ").append(to_string(static_cast<reason_kind>(one.other)));
    case event::fire:
      return one.other != 0 ? "gets a message that a timer sends" : "is woken by its timer";
    case event::steal:
      return "the scheduler steals " + std::to_string(one.other) + " from scheduler " + std::to_string(one.who);
    case event::migrate:
      return "the scheduler gives " + std::to_string(one.other) + " to scheduler " + std::to_string(one.who);
    case event::raid:
      return "the scheduler takes " + std::to_string(one.other) + " that stood behind a busy one of scheduler " +
             std::to_string(one.who);
    case event::idle:
      return "the scheduler has nothing to do";
    default:
      return "";
  }
}

bool is_about_schedulers(const occurrence& one) noexcept {
  return one.what == happening::scheduler_event &&
         (one.which == event::steal || one.which == event::migrate || one.which == event::raid || one.which == event::idle);
}

std::string told_deed(const run_trace& all, const occurrence& one) {
  const std::string type = one.type != nullptr ? " " + std::string(one.type->name) : std::string();
  const std::string to = one.other != 0 ? " to " + all.name_of(one.other) : std::string();
  switch (one.what) {
    case happening::scheduler_event:
      return told_event(all, one);
    case happening::call:
      return one.text + type + to;
    case happening::took:
      return "receives" + type;
    case happening::dropped:
      return "has dropped" + type;
    case happening::ended:
      return "ends";
    case happening::fault:
      return std::string("FAULT: ") + one.text;
    case happening::stood:
      return "every process waits, and nothing is left that could wake one";
  }
  return {};
}

}  // namespace

std::string run_trace::told(const occurrence& one) const {
  char place[64];
  std::snprintf(place, sizeof place, "%14.6f s%-2u ", static_cast<double>(one.time_ns) / 1e9, unsigned{one.scheduler});
  const std::string who = is_about_schedulers(one) || one.who == 0 ? std::string() : name_of(one.who) + " ";
  return place + who + told_deed(*this, one);
}

std::string run_trace::told() const {
  std::string all;
  for (const line& one : last_) {
    char number[32];
    std::snprintf(number, sizeof number, "%9llu", static_cast<unsigned long long>(one.number));
    all.append(number).append(one.said.empty() ? told(one.what) : " " + one.said).append("\n");
  }
  return all;
}

}  // namespace mote::detail
