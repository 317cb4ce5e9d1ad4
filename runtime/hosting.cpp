// A runtime from its start to its shutdown: for mote::run, whose main is its first process, and for a host program.
//
// R1  The root process is made before anything runs, so that no limit keeps it from starting. mote::run's root starts the
//     first process and waits for its end; a host's root begins with the shutdown. Then it ends all others: they get an exit
//     signal `shutdown`, at the deadline `kill`, and a second more.
// R2  Who waits for the root waits by the machine's clock, and a little longer than the root may take: a process that holds
//     the only scheduler keeps the root from running. (In deterministic mode the clock is not the machine's.)
// R3  What is left then is named, and stays: a process that does not come back keeps its thread and the whole runtime. Such a
//     runtime stays reachable, for tools that look for leaks, and what its processes hold is none.
#include "runtime/base/annotate_memory.hpp"
#include "runtime/observe/observer.hpp"
#include "runtime/os/fault_watch.hpp"
#include "runtime/process/outside.hpp"
#include "runtime/worker/launch.hpp"

#include <mote/receive.hpp>
#include <mote/runtime.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <utility>

namespace mote::detail {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds time_after_kill = std::chrono::seconds(1);
constexpr int wrong_environment = 2;  // of mote::run
constexpr nanoseconds longest_shutdown = std::chrono::hours(24 * 365);

// Asks all processes there are to end in this way, and waits until they have, or the time is up. False: some are left.
bool end_all(const reason& why, std::chrono::steady_clock::time_point deadline) {
  for (std::vector<pid> left = processes(); !left.empty(); left = processes()) {
    for (const pid one : left) {
      monitor(one);
      exit(one, why);
    }
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto time = deadline - now();
      if (time.count() <= 0 || !receive<down>(time)) return false;
    }
  }
  return true;
}

// Again and again until there is memory for it: what must be done at the end cannot be left out.
template <class Step>
auto with_memory(Step&& step) {
  for (;;) {
    try {
      return step();
    } catch (const std::bad_alloc&) {
      yield();
    }
  }
}

// Those that are not listed, but for the caller: outside mailboxes, which hear everyone's last words.
void end_hidden() {
  const runtime& home = current_core()->home;
  for (std::uint32_t index = 0; index < home.table.carved(); ++index) {
    const process& block = home.table.at(index);
    const std::uint64_t key = block.key();
    if (!block.has(process_flags::hidden) || key == home.root_key) continue;
    const pid one = home.table.pid_of(key);
    const ref watch = monitor(one);
    exit(one, reason::shutdown);
    receive(when([watch](const down& news) { return news.monitor == watch; }, [](down) {}), after(time_after_kill, [] {}));
  }
}

/// What the root process and the plain thread that waits for it share.
struct root_task {
  int (*call)(void*) = nullptr;  ///< of mote::run
  void* main = nullptr;
  int result = 0;
  std::exception_ptr refused{};  ///< why the first process could not be made
  nanoseconds shutdown_within{};
  bool all_ended = false;

  std::mutex lock{};
  std::condition_variable changed{};
  bool ended = false;

  static void end(void* whose, const reason&) noexcept {
    auto& self = *static_cast<root_task*>(whose);
    const std::lock_guard hold(self.lock);
    self.ended = true;
    self.changed.notify_one();
  }
  void wait() {
    std::unique_lock hold(lock);
    changed.wait(hold, [this] { return ended; });
  }
  bool wait_for(nanoseconds most) {
    std::unique_lock hold(lock);
    return changed.wait_for(hold, most, [this] { return ended; });
  }
};

/// A body that reaches what its caller waits with.
template <void (*Body)(root_task&)>
struct waited_for {
  root_task* shared;
  static void run(void* place) { Body(*static_cast<waited_for*>(place)->shared); }
  static void drop(void*) noexcept {}
};
template <void (*Body)(root_task&)>
constexpr closure_type body_of{sizeof(waited_for<Body>), alignof(waited_for<Body>), &waited_for<Body>::run,
                               &waited_for<Body>::drop};

void first_process(root_task& shared) { shared.result = shared.call(shared.main); }

void run_first_process(root_task& shared) {
  draft first(body_of<&first_process>, nullptr);
  ::new (first.place()) waited_for<&first_process>{&shared};
  current_core()->home.first_key = first.key();
  static_cast<void>(first.launch(tie::monitor));
}

// R1. It is not listed among the processes.
void root(root_task& shared) {
  trap_exit(true);
  if (shared.call != nullptr) {
    try {
      run_first_process(shared);
    } catch (const std::exception&) {
      shared.refused = std::current_exception();
      shared.all_ended = true;
      return;
    }
    const down news = with_memory([] { return receive<down>(); });
    if (news.why) {
      shared.result = 1;
      const std::string why = with_memory([&] { return to_string(news.why); });
      if (current_core()->home.tells_first_end) std::fprintf(stderr, "mote: the first process ended: %s\n", why.c_str());
    }
  }
  shared.all_ended = end_all_processes(shared.shutdown_within);
  with_memory([] { end_hidden(); });
}

// R3. Plain thread.
std::vector<left_process> who_is_left(runtime& home) {
  std::vector<left_process> found;
  for (std::uint32_t index = 0; index < home.table.carved(); ++index) {
    const process& block = home.table.at(index);
    if (block.doing.load(acquire) == activity::free || block.has(process_flags::hidden)) continue;  // finish.cpp, O1
    left_process one{name_of(home, block), {}, {}};
    const std::lock_guard hold(home.details_lock);
    if (block.details != nullptr) {
      one.name = block.details->name;
      one.label = block.details->label;
    }
    found.push_back(std::move(one));
  }
  return found;
}

// nullopt: there was no memory to list them.
void say_who_is_left(const std::optional<std::vector<left_process>>& left) noexcept {
  try {
    if (!left) throw std::bad_alloc();
    for (const left_process& one : *left) {
      std::fprintf(stderr, "mote: process %s%s%s%s %s did not end\n", to_string(one.process).c_str(), one.name.empty() ? "" : " \"",
                   one.name.c_str(), one.name.empty() ? "" : "\"", one.label.c_str());
    }
  } catch (const std::bad_alloc&) {
    std::fputs("mote: some processes did not end; there is no memory to name them\n", stderr);
  }
}

// R1. It begins when it is made ready, and reaches the task until it has ended.
process& prepare_root(runtime& home, root_task& task) {
  process& made = home.prepare_from_outside(body_of<&root>);
  ::new (made.closure_place()) waited_for<&root>{&task};
  home.root_key = made.key();
  made.set(process_flags::hidden);
  return made;
}

bool runs_here(const runtime& home) noexcept {
  const core* const here = current_core();
  return here != nullptr && &here->home == &home;
}

}  // namespace

bool end_all_processes(nanoseconds deadline) {
  const auto until = now() + deadline;
  if (with_memory([&] { return end_all(reason::shutdown, until); })) return true;
  const auto last = now() + time_after_kill;
  return with_memory([&] { return end_all(reason::kill, last); });
}

void runtime::run_to_end(std::initializer_list<process*> ready) {
  root_task end;
  process& last = **(ready.end() - 1);
  await_end(last, {&root_task::end, &end});
  try {
    start();
  } catch (...) {
    forget_awaiter(last.key());
    throw;
  }
  for (process* const each : ready) schedulers.submit(*each);
  end.wait();
}

int runtime::run_main(int (*call)(void*), void* main) {
  const auto task = std::make_shared<root_task>();
  task->call = call;
  task->main = main;
  task->shutdown_within = settings.shutdown_deadline;
  kept_for_root_ = task;
  if (!run_conducted(prepare_root(*this, *task))) return 1;
  if (task->refused != nullptr) std::rethrow_exception(task->refused);
  return task->result;
}

/// The runtime, and what stands around it as long as it runs.
struct hosted_runtime::host {
  explicit host(const options& given) {
    prepare_starter(given);
    home = std::make_unique<runtime>(given);
    prepare_family(*home);
    if (home->settings.verbose) std::fputs(home->describe().c_str(), stderr);
    root_ = &prepare_root(*home, task);
    home->await_end(*root_, {&root_task::end, &task});
    seen_.emplace(*home);
    if (*home->settings.catch_stack_overflow) watch_.emplace(&catch_overflow);
    home->start();
    list_runtime(*home);
  }

  void submit_root(nanoseconds shutdown_within) {
    task.shutdown_within = std::clamp(shutdown_within, nanoseconds(0), longest_shutdown);
    tsan_release(root_);
    home->schedulers.submit(*root_);
  }

  // After the root has ended, or does not.
  void stop() noexcept {
    came_back = home->stop();
    if (came_back) {
      watch_.reset();
      seen_.reset();
    }
    if (task.all_ended) return;
    try {
      left = who_is_left(*home);
    } catch (const std::bad_alloc&) {
      left.reset();
    }
  }

  void shut_down(nanoseconds within) noexcept {
    home->starts.close();  // H2
    submit_root(within);
    if (home->settings.deterministic_seed) {
      task.wait();
    } else if (!task.wait_for(task.shutdown_within + time_after_kill + std::chrono::seconds(1))) {  // R2
      task.all_ended = false;
    }
    stop();
  }

  root_task task;  // which `home` tells of its end
  std::unique_ptr<runtime> home;
  std::optional<std::vector<left_process>> left{std::in_place};  // nullopt: some, but there was no memory to list them
  bool came_back = false;
  enum class phase { runs, ends, has_ended };
  phase now = phase::runs;  // under the lock
  std::mutex lock;
  std::condition_variable changed;
  host* kept_before = nullptr;

 private:
  process* root_ = nullptr;
  std::optional<observer> seen_;
  std::optional<fault_watch> watch_;
};

namespace {

constinit std::atomic<void*> last_kept{nullptr};  // R3

// R3. What only a process that stands still holds on its stack is no leak, nor what one that goes on will hold there.
MOTE_NO_SANITIZE void expect_lost_stacks(runtime& home) noexcept {
  for (std::uint32_t index = 0; index < home.table.carved(); ++index) {
    const process& left = home.table.at(index);
    const activity doing = left.doing.load(acquire);  // finish.cpp, O1
    const stack* const ground = left.ground;  // one that runs may be giving it back, into the runtime that stays
    if (ground == nullptr) continue;
    const bool stands = doing == activity::ready || doing == activity::waiting;
    if (stands && left.where != nullptr) lsan_expect_lost(left.where, ground->top());
    if (!stands) lsan_look_into(ground->limit, ground->usable_bytes());
  }
}

}  // namespace

hosted_runtime::hosted_runtime(const options& given) : home_(nullptr) {
  const errno_kept same;
  options own = given;
  own.catch_terminate = given.catch_terminate.value_or(false);
  own.catch_stack_overflow = given.catch_stack_overflow.value_or(false);
  own.backtraces = given.backtraces.value_or(false);
  host_ = std::make_unique<host>(own);
  home_ = host_->home.get();
  home_->ways_in.fetch_add(1, relaxed);
}

std::vector<left_process> hosted_runtime::shut_down(std::optional<nanoseconds> within) {
  const errno_kept same;
  refuse_after_fork(*home_, "mote::runtime::shutdown");
  refuse_to_wait_for_itself(*home_);
  if (runs_here(*home_)) {
    throw usage_error("mote::runtime::shutdown: called from a process of this runtime, for whose end it would wait; call it from a "
                      "plain thread");
  }
  host& all = *host_;
  std::unique_lock hold(all.lock);
  if (all.now == host::phase::runs) {
    all.now = host::phase::ends;
    hold.unlock();
    const runtime* const outer = begin_outside_call(*home_);
    all.shut_down(within.value_or(home_->settings.shutdown_deadline));
    end_outside_call(outer);
    hold.lock();
    all.now = host::phase::has_ended;
    all.changed.notify_all();
  }
  all.changed.wait(hold, [&] { return all.now == host::phase::has_ended; });
  if (!all.left) throw std::bad_alloc();
  return *all.left;
}

hosted_runtime::~hosted_runtime() {
  const bool own = runs_here(*home_);
  if (own) std::fputs("mote: a runtime was destroyed by one of its own processes: it runs on\n", stderr);
  if (!own && !left_by_fork(*home_)) {
    const bool told = host_->now == host::phase::has_ended;
    try {
      shut_down(std::nullopt);
    } catch (const std::bad_alloc&) {  // of the list: it is shut down
    }
    if (!told) say_who_is_left(host_->left);
    if (host_->came_back) return;
  }
  keep(std::move(host_));  // R3 H4
}

void hosted_runtime::keep(std::unique_ptr<host> which) noexcept {
  host* const kept = which.release();
  expect_lost_stacks(*kept->home);
  kept->kept_before = static_cast<host*>(last_kept.exchange(kept, relaxed));  // R3: for a leak checker's eyes
}

int run_main(const options& given, int (*call)(void*), void* main) {
  if (current_core() != nullptr) throw usage_error("mote::run: called inside a process");
  options all;
  try {
    all = options_from_environment(given);
  } catch (const usage_error& refused) {
    std::fprintf(stderr, "%s\n", refused.what());
    return wrong_environment;
  }
  return hosted_runtime::run(std::move(all), call, main);
}

int hosted_runtime::run(options given, int (*call)(void*), void* main) {
  given.catch_terminate = given.catch_terminate.value_or(true);
  given.catch_stack_overflow = given.catch_stack_overflow.value_or(true);
  given.backtraces = given.backtraces.value_or(true);
  auto all = std::make_unique<host>(given);
  all->task.call = call;
  all->task.main = main;
  all->submit_root(all->home->settings.shutdown_deadline);
  all->task.wait();
  all->stop();
  say_who_is_left(all->left);
  const int result = all->task.result;
  const std::exception_ptr refused = all->task.refused;
  if (!all->came_back) keep(std::move(all));
  if (refused != nullptr) std::rethrow_exception(refused);
  return result;
}

}  // namespace mote::detail
