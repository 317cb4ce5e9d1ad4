// spawn(mote::isolated, ...): a stand-in, its ties, and what it is to start.
#include "runtime/worker/family.hpp"
#include "runtime/worker/launch.hpp"
#include "runtime/worker/os_process.hpp"
#include "runtime/worker/stand_in.hpp"

#include <mote/isolated.hpp>

#include <atomic>
#include <utility>

namespace mote::detail {

namespace {

constinit std::atomic<bool> program_uses_it{false};

struct stand_in_body {
  isolated_plan* plan;  ///< owned
  static void run(void* place) {
    const std::unique_ptr<isolated_plan> plan(static_cast<stand_in_body*>(place)->plan);
    run_stand_in(*plan);
  }
  static void drop(void* place) noexcept { delete static_cast<stand_in_body*>(place)->plan; }
};
constexpr closure_type stand_in_type{sizeof(stand_in_body), alignof(stand_in_body), &stand_in_body::run, &stand_in_body::drop};

void check(const runtime& home, const isolation& how, const spawn_options& options) {
  if (home.elsewhere == nullptr || family_of(home.table.place()) != home.table.place()) {
    throw usage_error("mote::spawn(mote::isolated, ...): an isolated process cannot start another");
  }
  if (!home.settings.deterministic_seed && !zygote_started()) {
    throw usage_error("mote::spawn(mote::isolated, ...): the program had several threads when mote::run began, so that the "
                      "starter of OS processes could not be started; call mote::prepare_isolated() at the beginning of main");
  }
  if (how.schedulers == 0 || how.schedulers > 1024) throw usage_error("mote::isolation::schedulers: from 1 to 1024");
  if (how.max_processes < 16 || how.max_processes > 1u << 27) {
    throw usage_error("mote::isolation::max_processes: from 16 to 134217728");
  }
  if (how.silence.count() < 0 || how.silence.count() > 86'400'000) {
    throw usage_error("mote::isolation::silence: from 0 to a day");
  }
  if (options.max_stack != 0 || options.scheduler || is_bounded(options.mailbox)) {
    throw usage_error("mote::spawn_options: max_stack, scheduler and mailbox are not for isolated processes");
  }
}

std::unique_ptr<isolated_plan> plan_for(const isolation& how, const spawn_options& options) {
  auto plan = std::make_unique<isolated_plan>();
  plan->wish.max_memory_bytes = how.max_memory;
  plan->silence_ms = static_cast<std::uint32_t>(how.silence.count());
  plan->start.pulse_ms = plan->silence_ms == 0 ? 0 : std::max(1u, plan->silence_ms / 4);
  plan->start.schedulers = how.schedulers;
  plan->start.max_processes = static_cast<std::uint32_t>(how.max_processes);
  plan->start.trap_exit = options.trap_exit;
  plan->start.label = options.label;
  plan->start.parent = self();
  return plan;
}

// What the stand-in itself is started with: the rest is for the one it stands for.
spawn_options own_options(const spawn_options& options) {
  spawn_options own;
  own.label = options.label.empty() ? "isolated" : options.label;
  own.prio = options.prio;
  own.trap_exit = true;  // it is told of every end, and passes it on
  return own;
}

}  // namespace

isolated_use::isolated_use() noexcept { program_uses_it.store(true, relaxed); }

void prepare_starter(const options& given) {
  if (program_uses_it.load(relaxed) && !given.deterministic_seed) static_cast<void>(start_zygote(&run_isolated_process));
}

void prepare_family(runtime& home) {
  if (program_uses_it.load(relaxed)) home.elsewhere = std::make_unique<family>(home);
}

spawned launch_isolated(const isolation& how, const spawn_options* options, tie kind, isolated_body body, const void* code,
                        encoder&& arguments) {
  process& self = caller("mote::spawn");
  runtime& home = current_core()->home;
  const spawn_options given = options != nullptr ? *options : spawn_options{};
  check(home, how, given);
  auto& relatives = static_cast<family&>(*home.elsewhere);
  const std::uint32_t serial = relatives.new_serial();
  const std::uint64_t place = isolated_place(home.table.place(), serial);
  std::unique_ptr<isolated_plan> plan = plan_for(how, given);
  plan->start.place = place;
  plan->start.body = reinterpret_cast<std::uintptr_t>(body);
  plan->start.code = reinterpret_cast<std::uintptr_t>(code);
  plan->start.function_and_arguments = arguments.take();
  const spawn_options own = own_options(given);
  draft child(stand_in_type, &own);
  child.subject().set(process_flags::stands_in);
  relatives.add(serial, child.subject().key());
  ref monitor;
  {
    const entry door("mote::spawn");
    if (!given.name.empty()) name_process(home, child.subject(), child.subject().key(), given.name, "mote::spawn");
    const std::uint64_t key = foreign_key(home.table.place(), isolated_pid(place));
    if (kind != tie::none) monitor = tie_newborn(door.here(), self, child.subject(), kind, key);
  }
  ::new (child.place()) stand_in_body{plan.release()};
  child.launch(tie::none);
  return {isolated_pid(place), monitor};
}

}  // namespace mote::detail

namespace mote {

void prepare_isolated() {
  if (detail::zygote_started() || detail::start_zygote(&detail::run_isolated_process)) return;
  throw usage_error("mote::prepare_isolated: the program has " + std::to_string(detail::count_threads()) +
                    " threads already; call it at the beginning of main");
}

bool is_isolated() noexcept {
  const detail::core* const here = detail::current_core();
  return here != nullptr && detail::family_of(here->home.table.place()) != here->home.table.place();
}

}  // namespace mote
