#include "runtime/observe/collect.hpp"

#include "runtime/observe/statistics.hpp"
#include "runtime/os/memory_use.hpp"
#include "runtime/os/peek.hpp"
#include "runtime/process/outside.hpp"

#include <mote/detail/server.hpp>

#include <unistd.h>

namespace mote::detail {

namespace {

constexpr std::size_t most_looked_at = 4096;  // of one process's ties, and of its mail

bool lies_within(const frame_registers& registers, const std::byte* low, const std::byte* high) noexcept {
  const std::uint64_t at = registers.value[frame_registers::stack];
  return at >= reinterpret_cast<std::uint64_t>(low) && at < reinterpret_cast<std::uint64_t>(high);
}

template <std::size_t Size>
void copy_text(std::string_view at, short_text<Size>& into) noexcept {
  std::array<char, Size> bytes;
  const std::size_t length = std::min(at.size(), Size);
  if (length != 0 && peek(at.data(), bytes.data(), length)) into.assign({bytes.data(), length});
}

/// One process, by an image of its block.
class portrait {
 public:
  portrait(runtime& home, const process& self, process_record& into) noexcept : home_(home), self_(self), into_(into) {}

  void draw_names() noexcept {
    image<process_details> details;
    if (!details.take(self_.details.get())) return;
    copy_text(details->name, into_.name);
    copy_text(details->label, into_.label);
  }
  void draw_server() noexcept {
    image<server_type> type;
    if (self_.has(process_flags::serves) && type.take(static_cast<const server_type*>(self_.body))) {
      copy_text(type->name, into_.server);
    }
  }
  void draw_wait(std::uint64_t now_ns) noexcept {
    into_.waits_for = self_.waits_for();
    const auto now = static_cast<std::uint32_t>(now_ns >> scheduler::coarse_shift);
    into_.waits_ns = std::uint64_t{now - self_.parked_at} << scheduler::coarse_shift;
    const std::uint32_t on = self_.waits_on;
    if (into_.waits_for == wait_reason::descriptor) into_.waits_for_descriptor = static_cast<int>(on);
    const bool for_one = into_.waits_for == wait_reason::reply || into_.waits_for == wait_reason::room;
    if (for_one) into_.waits_for_whom = home_.table.pid_at(on);
  }
  void draw_mail() noexcept {
    image<mailbox_bounds> bounds;
    const bool bounded = (self_.mail.high() & inbox_flags::bounded) != 0 && bounds.take(&home_.table.bounds_of(self_));
    count_mail(bounded ? &*bounds : nullptr);
    const envelope* first = self_.pending.first;
    if (first == nullptr) first = self_.handed;
    if (first == nullptr && bounded) first = bounds->shelf.first != nullptr ? bounds->shelf.first : bounds->heap.first;
    if (first == nullptr) first = oldest_of(self_.mail.newest());
    image<envelope> mail;
    image<message_type> type;
    if (mail.take(first) && type.take(mail->type)) copy_text(type->name, into_.first_message);
  }
  void draw_ties() noexcept {
    self_.links.glimpse([this](std::uint64_t key) { into_.links.add(pid_for(home_, key)); }, most_looked_at);
    image<ref_table> refs;
    if (refs.take(self_.refs.get())) {
      refs->glimpse([this](const ref_entry& one) {
        if (one.kind == ref_kind::monitor) into_.monitors.add(pid_for(home_, one.peer_key));
      }, most_looked_at);
    }
    image<id_map<watch>> watchers;
    if (!watchers.take(self_.watchers.get())) return;
    watchers->glimpse([](const auto* first, std::size_t count, auto&& tell) { peek_each(first, count, most_looked_at, tell); },
                      [this](std::uint64_t, const watch& one) { into_.watchers.add(pid_for(home_, one.watcher_key)); });
  }
  void draw_stack(const still_threads& threads) noexcept {
    into_.stack_bytes = self_.stack_used;
    stack* const ground = self_.ground;
    if (ground == nullptr || home_.stacks.find(ground).owner != ground) return;
    into_.stack_limit = detail::usable_bytes(self_.size_class);
    const stack_range within{ground->open_from(), ground->top()};
    frame_registers from;
    if (const frame_registers* running = threads.on(ground->guard(), ground->top())) {
      from = *running;
      into_.stack_bytes = reinterpret_cast<std::uint64_t>(ground->top()) - from.value[frame_registers::stack];
    } else if (into_.state != process_state::running && holds(within, self_.where)) {
      from = saved_registers(self_.where);
    }
    std::array<const void*, process_record::most_frames> frames;
    into_.frames = backtrace_of(from, within, frames.data(), frames.size());
    for (std::size_t i = 0; i < into_.frames; ++i) into_.frame[i] = reinterpret_cast<std::uint64_t>(frames[i]);
  }

 private:
  static constexpr std::size_t context_bytes = 64;

  // As waiting_for, without the lock, whose holder may have been halted.
  void count_mail(const mailbox_bounds* bounds) noexcept {
    const std::uint64_t high = self_.mail.high();
    if (bounds == nullptr) {
      into_.messages = self_.pending.count.get() + inbox_load::count(high);
      into_.message_bytes = 16 * (self_.pending.units.get() + inbox_load::units(high));
      return;
    }
    const mailbox_bounds::load all = bounds->waiting_in_all(high);
    into_.messages = all.count;
    into_.message_bytes = 16 * std::uint64_t{all.units};
  }

  static bool holds(stack_range within, const void* where) noexcept {
    const auto* const at = static_cast<const std::byte*>(where);
    return at >= within.low && at + context_bytes <= within.high;
  }
  static const envelope* oldest_of(const envelope* newest) noexcept {
    image<envelope> mail;
    for (std::size_t i = 0; i < most_looked_at && mail.take(newest) && mail->next != nullptr; ++i) newest = mail->next;
    return newest;
  }

  runtime& home_;
  const process& self_;
  process_record& into_;
};

int scheduler_of(const runtime& home, const process& block) noexcept {
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) {
    if (home.schedulers[i].running() == &block) return static_cast<int>(i);
  }
  return -1;
}

std::string_view word_for(event what) noexcept {
  constexpr std::array<std::string_view, 11> words{"none",    "run",  "ready", "spawn", "exit",   "steal",
                                                   "migrate", "raid", "fire",  "idle",  "handoff"};
  const auto at = static_cast<std::size_t>(what);
  return at < words.size() ? words[at] : "?";
}

pid numbered(const runtime& home, std::uint32_t number) noexcept {
  const std::uint64_t key = home.table.key_of_number(number);
  return key == 0 ? pid() : home.table.pid_of(key);
}

event_record told(const runtime& home, const trace_entry& entry) noexcept {
  event_record one{word_for(entry.what), {}, {}, entry.detail};
  switch (entry.what) {
    case event::run:
    case event::spawn:
    case event::ready:
    case event::exit:
    case event::fire:
      one.subject = numbered(home, entry.subject);
      one.other = numbered(home, static_cast<std::uint32_t>(entry.detail));
      one.number = 0;
      break;
    case event::handoff:
      one.subject = numbered(home, entry.subject);
      break;
    case event::idle:
      if (entry.detail == no_deadline) one.number = 0;  // no timer: until somebody wakes it
      break;
    default:
      break;
  }
  return one;
}

}  // namespace

still_threads::still_threads(runtime& home, const frame_registers& own, whom halted) noexcept
    : own_(own), wanted_(halted == whom::nobody ? thread_numbers() : numbers_of(home)),
      halted_(wanted_.count, [this](std::size_t i) { return wanted_.number[i]; }) {}

still_threads::thread_numbers still_threads::numbers_of(runtime& home) noexcept {
  thread_numbers found;
  const int self = this_thread_number();
  home.schedulers.for_each_scheduler([&](const scheduler& one) {
    const int number = one.thread();
    if (number != 0 && number != self && found.count < found.number.size()) found.number[found.count++] = number;
  });
  return found;
}

const frame_registers* still_threads::on(const std::byte* low, const std::byte* high) const noexcept {
  if (lies_within(own_, low, high)) return &own_;
  for (std::size_t i = 0; i < halted_.size(); ++i) {
    if (halted_[i].thread != 0 && lies_within(halted_[i].registers, low, high)) return &halted_[i].registers;
  }
  return nullptr;
}

bool collect(runtime& home, process& block, const still_threads& threads, process_record& into) noexcept {
  image<process> self;
  if (block.doing.load(relaxed) == activity::free || !self.take(&block) || self->has(process_flags::hidden)) return false;
  into = {};
  into.id = home.table.pid_of(self->key());
  if (const std::uint64_t parent = self->parent_key; parent != 0) into.parent = pid_for(home, parent);
  into.state = state_of(*self);
  into.prio = static_cast<priority>(std::uint8_t{self->priority});
  into.traps_exits = self->has(process_flags::traps_exits);
  if (self->pinned != no_pin) into.pinned = self->pinned;
  if (into.state == process_state::running || into.state == process_state::exiting) into.scheduler = scheduler_of(home, block);
  into.reductions = self->reductions;
  portrait picture(home, *self, into);
  picture.draw_names();
  picture.draw_server();
  if (into.state == process_state::waiting) picture.draw_wait(now_in(home));
  picture.draw_mail();
  picture.draw_ties();
  picture.draw_stack(threads);
  return block.key() == self->key();
}

void collect(runtime& home, const core& one, scheduler_record& into) noexcept {
  into = {};
  into.index = one.index();
  into.thread = one.thread();
  if (const auto* const running = static_cast<const process*>(one.running())) into.running = home.table.pid_of(running->key());
  into.sleeps = home.schedulers.idle().is_parked(one.index());
  into.counts = statistics_of(one, home.schedulers.place(one.index()));
  for (std::size_t back = scheduler_record::most_events; back-- != 0;) {
    const trace_entry entry = one.trace().read(back);
    if (entry.what == event::none) continue;
    into.event[back] = told(home, entry);
    into.events = std::max(into.events, back + 1);
  }
}

void collect(runtime& home, const still_threads& threads, std::string_view cause, runtime_record& into) noexcept {
  into = {};
  into.cause.assign(cause);
  into.os_process = ::getpid();
  into.place = home.table.place();
  into.now_ns = now_in(home);
  into.still = threads.all();
  const process_counts processes = counts_of(home);
  into.spawned = processes.spawned;
  into.ended = processes.ended;
  into.processes = processes.present();
  into.abandoned = home.abandoned.load(relaxed);
  into.threads = threads_in_use(home);
  into.threads_lacked = home.schedulers.threads_lacked();
  into.injected = home.schedulers.injected().size_approx();
  into.process_bytes = home.table.carved() * sizeof(process);
  const stack_usage stacks = home.stacks.usage();
  into.stacks = stacks.carved - stacks.idle;
  into.stack_address_bytes = stacks.accessible_bytes;
  into.resident_bytes = resident_bytes();
}

}  // namespace mote::detail
