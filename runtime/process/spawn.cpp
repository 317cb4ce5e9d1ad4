// Starting a process: a block, its closure put straight into it, its ties, the run queue. No stack yet.
#include "runtime/memory/blocks.hpp"
#include "runtime/process/core.hpp"

#include <mote/process.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace mote::detail {

namespace {

std::uint8_t size_class_for(const spawn_options& options) {
  try {
    return stack_arena::size_class_of(options.max_stack);
  } catch (const std::invalid_argument& wrong) {
    throw usage_error(std::string("spawn_options::max_stack: ") + wrong.what());
  }
}

void check(const runtime& home, const spawn_options& options) {
  if (options.scheduler && *options.scheduler >= home.schedulers.size()) {
    throw usage_error("spawn_options::scheduler: " + std::to_string(*options.scheduler) + ", but there are " +
                      std::to_string(home.schedulers.size()) + ", from 0");
  }
  if (options.prio > priority::low) throw usage_error("spawn_options::prio: not a priority");
  check_mailbox(options.mailbox);
}

void apply(runtime& home, process& child, const spawn_options& options) {
  child.priority = static_cast<std::uint8_t>(options.prio);
  if (options.scheduler) child.pinned = static_cast<std::uint16_t>(*options.scheduler);
  if (options.max_stack != 0) child.size_class = size_class_for(options);
  if (options.trap_exit) child.set(process_flags::traps_exits);
  if (is_bounded(options.mailbox)) set_bounds(home, child, options.mailbox);
  if (options.name.empty() && options.label.empty()) return;
  ask_for_memory();
  auto details = std::make_unique<process_details>();
  details->label = options.label;
  const std::lock_guard hold(home.details_lock);
  child.details = std::move(details);
}

[[noreturn]] void table_is_full(const runtime& home) {
  throw system_limit(std::errc::resource_unavailable_try_again,
                     "no process slot is left: " + std::to_string(home.table.most()) +
                         " are alive (options::max_processes)");
}

// Until it is launched, nobody knows the pid.
void prepare_block(const runtime& home, process* child, const closure_type& body) {
  child->next = nullptr;
  child->where = nullptr;
  child->ground = nullptr;
  child->priority = 1;
  child->size_class = home.default_size_class;
  child->pinned = no_pin;
  child->handoffs = 0;
  child->body = &body;
  child->stack_used = 0;
  child->reductions = 0;
  child->monitors = 0;
  child->parent_key = 0;
  child->mail.open(home.usual_inbox);
  child->generation.store(child->generation.load(relaxed) + 1, release);  // table.hpp, T1
}

MOTE_COLD void* place_for_closure(const closure_type& body) {
  ask_for_memory();
  return allocate(body.size);
}

// Makes a process of a block. Throws with nothing but the block to be given back.
inline __attribute__((always_inline)) void furnish(runtime& home, process& child, const closure_type& body, const spawn_options* options) {
  tsan_acquire(&child);  // what the block's last process did, its closure's reads among it
  prepare_block(home, &child, body);
  try {
    if (options != nullptr) apply(home, child, *options);
    if (!process::fits_inline(body)) *reinterpret_cast<void**>(child.closure) = place_for_closure(body);
  } catch (...) {
    child.body = nullptr;
    throw;
  }
}

// Leaves nothing but the block.
void strip(runtime& home, process& unborn) noexcept {
  static_cast<void>(unborn.discard_mail());
  if (unborn.body != nullptr && !unborn.closure_is_inline()) deallocate(unborn.closure_place());
  unborn.body = nullptr;
  if (unborn.has(process_flags::limited)) forget_bounds(home, unborn);
  unborn.flags = 0;
  unname_process(home, unborn);
  drop_details(home, unborn);
  unborn.links.clear();
  unborn.watchers.reset();
}

}  // namespace

process* new_process(core& here, const closure_type& body, const spawn_options* options) {
  if (options != nullptr) check(here.home, *options);
  process* const child = here.blocks.take();
  if (child == nullptr) [[unlikely]] table_is_full(here.home);
  try {
    furnish(here.home, *child, body, options);
  } catch (...) {
    discard_process(here, *child);
    throw;
  }
  return child;
}

process& runtime::prepare_from_outside(const closure_type& body, const spawn_options* options) {
  if (options != nullptr) check(*this, *options);
  process* const child = table.take_for_outside();
  if (child == nullptr) table_is_full(*this);
  try {
    furnish(*this, *child, body, options);
  } catch (...) {
    discard_from_outside(*child);
    throw;
  }
  return *child;
}

void runtime::discard_from_outside(process& unborn) noexcept {
  strip(*this, unborn);
  table.give_from_outside(unborn);
}

bool process::discard_mail() noexcept {
  envelope* left = mail.close().newest;
  const bool any = handed != nullptr || left != nullptr || pending.first != nullptr;
  if (handed != nullptr) drop_envelope(std::exchange(handed, nullptr));
  while (left != nullptr) drop_envelope(std::exchange(left, left->next));
  while (pending.first != nullptr) drop_envelope(pending.take(&pending.first));
  return any;
}

bool process::discard() noexcept {
  const bool to_run = body != nullptr;
  if (to_run) give_up_body(*this);
  return discard_mail() || to_run;
}

void discard_process(core& here, process& unborn) noexcept {
  strip(here.home, unborn);
  here.blocks.give(unborn);
}

draft::draft(const closure_type& type, const spawn_options* options) : subject_(nullptr), place_(nullptr), options_(options) {
  process& self = caller("mote::spawn");
  const tsan_in_scheduler quiet;
  if ((self.mail.high() & inbox_flags::urgent) != 0) [[unlikely]] {
    const entry door("mote::spawn");
    sort_mail(door.here(), self);  // children that have ended leave the links
  }
  subject_ = new_process(*current_core(), type, options);
  place_ = subject_->closure_place();
}

std::uint64_t draft::key() const noexcept { return subject_->key(); }

void draft::discard() noexcept {
  core& here = *enter(*current_core());
  discard_process(here, *subject_);
  here.leave();
}

namespace {

// What the closure holds goes with a child that cannot be launched.
template <class Step>
auto or_drop_closure(process& child, Step&& step) {
  try {
    return step();
  } catch (...) {
    give_up_body(child);
    throw;
  }
}

MOTE_COLD void name_unborn(runtime& home, process& child, std::string_view name) {
  or_drop_closure(child, [&] { name_process(home, child, child.key(), name, "mote::spawn"); });
}

}  // namespace

// Throws std::bad_alloc, and then the parent's side is as it was.
ref tie_newborn(core& here, process& self, process& child, tie how, std::uint64_t child_key) {
  if (how == tie::link) {
    add_new_link(here, child, self.key());
    add_new_link(here, self, child_key);
    return ref();
  }
  child.watchers = std::make_unique<id_map<watch>>();
  const ref which = add_monitor(here, self, child_key);
  child.watchers->insert(which.number()) = {self.key(), which.slot()};  // the first entry takes no memory
  return which;
}

spawned draft::launch(tie how) {
  const entry door("mote::spawn");
  core& here = door.here();
  process& self = door.self();
  process& child = *subject_;
  const std::uint64_t key = child.key();
  spawned result{here.home.table.pid_of(key), {}};
  if (options_ != nullptr && !options_->name.empty()) name_unborn(here.home, child, options_->name);
  if (how != tie::none) {
    result.monitor = or_drop_closure(child, [&] { return tie_newborn(here, self, child, how, key); });
  }
  if (!self.has(process_flags::hidden)) child.parent_key = self.key();
  subject_ = nullptr;
  here.started.add(1);
  here.trace().record(event::spawn, trace_number(&child), trace_number(&self));
  MOTE_PROBE(spawn, &child, child.index, &self);
  tsan_release(&child);
  here.launch(child);
  here.spend(cost::spawn);
  yield_if_used_up(here);
  return result;
}

}  // namespace mote::detail
