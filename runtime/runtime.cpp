// A runtime's parts, made in order and stopped in order. Who runs in it first and last: hosting.cpp.
#include "runtime/io/network.hpp"
#include "runtime/memory/blocks.hpp"
#include "runtime/options.hpp"
#include "runtime/observe/deadlock.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/cores.hpp"
#include "runtime/os/membarrier.hpp"
#include "runtime/os/probe.hpp"
#include "runtime/os/random_seed.hpp"
#include "runtime/process/locals.hpp"
#include "runtime/process/outside.hpp"

#include <mote/mote.hpp>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <system_error>
#include <utility>

namespace mote::detail {

namespace {

/// The machine's clock, and a generator of its own.
class machine_seam final : public seam {
 public:
  explicit machine_seam(std::uint64_t seed) noexcept : random_(seed) {}
  std::uint64_t now_ns() noexcept override { return monotonic_ns(); }
  std::uint32_t choose(std::uint32_t count) noexcept override { return random_.below(count); }
  std::uint64_t random() noexcept override { return random_.next(); }
  std::int32_t slice(std::int32_t usual) noexcept override { return usual; }
  bool orders() const noexcept override { return false; }
  bool skip_to(std::uint64_t) noexcept override { return false; }

 private:
  split_mix random_;
};

options completed(options given) {
  check_options(given);
  if (given.deterministic_seed && given.schedulers == 0) given.schedulers = 1;
  given.catch_terminate = given.catch_terminate.value_or(true);
  if (given.schedulers == 0) given.schedulers = std::min(usable_cores(), 1024u);
  return given;
}

std::uint64_t next_place() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, relaxed) + 1;
}

stack_options stacks_for(const options& given) {
  stack_options wanted;
  const std::size_t slot = slot_bytes(stack_arena::size_class_of(given.stack_bytes));
  const std::size_t enough = std::bit_ceil(given.max_processes * slot);  // the arena takes the power of two below
  wanted.arena_bytes = given.arena_bytes != 0 ? given.arena_bytes : std::max(enough, std::size_t{1} << 31);
  return wanted;
}

std::unique_ptr<seam> usual_order(const options& given, const runtime* host, const seam* order) {
  if (host != nullptr || order != nullptr || !given.deterministic_seed) return nullptr;
  return std::make_unique<deterministic_seam>(*given.deterministic_seed);
}

std::unique_ptr<seam> seam_for(const runtime& home) {
  if (home.host != nullptr) return std::make_unique<guest_seam>(home.host->schedulers[0].order());
  if (home.order != nullptr) return std::make_unique<shared_seam>(*home.order);
  return std::make_unique<machine_seam>(random_seed());
}

/// How long a process may run without a call, in nanoseconds; 0: for ever.
std::uint64_t turn_ns(const options& given) noexcept {
  if (given.deterministic_seed) return 0;
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(given.handoff_after).count());
}

void refuse_shadow_stacks() {
  if (!shadow_stack_active()) return;
  throw std::system_error(std::make_error_code(std::errc::not_supported),
                          "mote: shadow stacks (CET) are on, and processes cannot switch stacks then");
}

void say_what_is_missing(const stack_arena& stacks) {
  if (stacks.guards() != guard_kind::marker) {
    std::fprintf(stderr, "mote: stacks: %s\n", stacks.guards_text());
  }
}

}  // namespace

runtime::runtime(const options& given, std::uint64_t place, runtime* whose_guest, seam* ordered_by)
    : settings(completed(given)),
      own_order(usual_order(settings, whose_guest, ordered_by)),
      order(ordered_by != nullptr ? ordered_by : own_order.get()),
      host(whose_guest),
      net(settings.deterministic_seed ? make_simulated_network() : make_system_network(schedulers)),
      table(settings.max_processes, place != 0 ? place : next_place(), settings.schedulers, settings.max_threads),
      stacks(stacks_for(settings)),
      schedulers(std::size_t{settings.schedulers} + settings.max_threads),
      default_size_class(stack_arena::size_class_of(settings.stack_bytes)),
      all_mail(static_cast<std::int64_t>(settings.mailbox_budget_bytes >> 4)),
      mail_is_slow(ordered_by != nullptr && ordered_by->is_slow()),
      usual_inbox(all_mail.is_set() || mail_is_slow ? inbox_flags::bounded : 0) {
  refuse_shadow_stacks();
  if (order != nullptr) schedulers.conduct(std::make_unique<conductor>(schedulers, *order, stacks));
  for (unsigned i = 0; i < settings.schedulers; ++i) {
    auto held = std::make_unique<station>(i, seam_for(*this), order != nullptr ? schedulers.conducted()->add() : net->make_source(),
                                          &core::drop_timer_payload);
    auto one = std::make_unique<core>(*this, held.get());
    schedulers.add(std::move(held), std::move(one));
  }
  schedulers.make_spare = [](void* self) -> std::unique_ptr<scheduler> {
    return std::make_unique<core>(*static_cast<runtime*>(self), nullptr);
  };
  schedulers.spare_context = this;
  schedulers.on_stuck = [](void* self) {
    stand_still(*static_cast<runtime*>(self));
  };
  schedulers.stuck_context = this;
  if (*settings.catch_terminate) catches_terminate_.emplace();
  say_what_is_missing(stacks);
}

runtime::~runtime() { static_cast<void>(stop()); }

// Only what was left behind has anything in its mailbox then.
bool runtime::stop() noexcept {
  if (stopped_) return true;
  if (!schedulers.stop() || !net->stop()) return false;
  unlist_runtime(*this);  // H3
  starts.close();
  visitors.close();  // H1
  drop_what_is_left();
  tell_all_awaiters();
  catches_terminate_.reset();
  stopped_ = true;
  return true;
}

// What is dropped may be sent and spawned by its destructors, in nobody's name, to be dropped in turn; within reason.
void runtime::drop_what_is_left() noexcept {
  scheduler* const before = current_scheduler();
  core& here = static_cast<core&>(schedulers[0]);  // whose thread is gone: this one stands in for it
  set_current_scheduler(&here);
  here.enter();
  bool any = true;
  for (int round = 0; any && round < 100; ++round) {
    any = false;
    for (std::uint32_t i = 0; i < table.carved(); ++i) {
      any |= discard_aside(*this, table.at(i));
      any |= table.at(i).discard();
    }
    for (std::size_t i = 0; i < schedulers.size(); ++i) any |= schedulers[i].timers().drop_pending() != 0;
    if (mail_is_slow) any |= order->drop_postponed();
  }
  here.leave();
  set_current_scheduler(before);
}

void runtime::start() {
  schedulers.start(settings.bind_schedulers ? usable_cpu_ids() : std::vector<int>(), turn_ns(settings));
}

bool runtime::run_conducted(process& root) {
  await_end(root, {[](void* group, const reason&) noexcept { static_cast<scheduler_group*>(group)->begin_to_stop(); }, &schedulers});
  start();
  tsan_release(&root);
  schedulers.submit(root);
  return schedulers.conducted()->await_end();
}

namespace {

environment machine_found() {
  environment found = probed_environment();
  found.allocator = allocator_name();
  return found;
}

}  // namespace

std::string runtime::describe() const {
  return detail::describe(machine_found()) + "schedulers: " + std::to_string(schedulers.size()) +
         (settings.deterministic_seed ? ", deterministic, seed " + std::to_string(*settings.deterministic_seed) : "") +
         "\nstacks: " + stacks.guards_text() + ", arena of " + std::to_string(stacks.usage().arena_bytes >> 20) +
         " MiB of addresses\nabandoned processes: " + std::to_string(abandoned.load(relaxed)) + ", discarded stacks with an exception on them: " +
         std::to_string(lost_exceptions.load(relaxed)) + "\n";
}

}  // namespace mote::detail

namespace mote {

runtime_handle this_runtime() {
  const detail::entry door("mote::this_runtime");
  return runtime_handle(door.home());
}

std::string environment() {
  const detail::core* const here = detail::current_core();
  if (here == nullptr || here->running() == nullptr) return detail::describe(detail::machine_found());
  const detail::entry door("mote::environment");
  return door.home().describe();
}

std::string runtime_handle::environment() const {
  const detail::errno_kept same;
  const auto there = detail::visit::to(way_.place(), "mote::runtime_handle::environment");
  return there ? there.home().describe() : std::string();
}

}  // namespace mote
