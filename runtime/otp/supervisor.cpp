// A supervisor is a server whose state is its children, in the order of their start. docs/design/supervisor.md.
//
// U1  At any time, a child's process is the one that runs and is linked, or nobody. News of any other is of one that has been
//     stopped or replaced, and means nothing.
// U2  Each start after an end, the first or another try, is a restart, and counts; a start that somebody asks for does not.
// U3  Children are stopped in the reverse of the order of their start, one after the other: when one is told, all that were
//     started after it have ended.
#include "runtime/process/core.hpp"

#include <mote/supervisor.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace mote {

namespace detail {

namespace {

struct start_order {
  child_spec spec;
};
struct terminate_order {
  std::string id;
};
struct restart_order {
  std::string id;
};
struct delete_order {
  std::string id;
};
struct list_order {};
struct try_again {
  std::string id;
};

/// What the caller gets: the child's process, or what was in the way.
struct child_answer {
  std::optional<child_problem> problem;
  pid process;
  reason why;
};

struct supervised {
  child_spec spec;
  pid process;
  bool restarting = false;
};

// Waits for the news of this monitor, until the time is up.
bool ended_within(ref watch, std::chrono::nanoseconds limit) {
  return receive(when([watch](const down& news) { return news.monitor == watch; }, [](const down&) { return true; }),
                 after(limit, [] { return false; }));
}

// The exit signal of a child that has just been stopped, which came before its `down`.
void forget_exit_of(pid gone) {
  receive(when([gone](const exited& news) { return news.from == gone; }, [](const exited&) {}),
          after(std::chrono::nanoseconds(0), [] {}));
}

void stop_process(pid which, std::chrono::nanoseconds shutdown) {
  const ref watch = monitor(which);
  if (shutdown == brutal_kill) {
    kill(which);
  } else {
    exit(which, reason::shutdown);
  }
  if (!ended_within(watch, shutdown == brutal_kill ? infinity : shutdown)) {
    kill(which);
    ended_within(watch, infinity);
  }
  forget_exit_of(which);
}

}  // namespace

class supervisor_state {
 public:
  using infos = messages<exited, try_again>;

  void init(supervisor_flags flags, std::vector<child_spec> specs);
  void terminate(const reason&) { stop_all(); }

  child_answer handle_call(start_order order);
  child_answer handle_call(const terminate_order& order);
  child_answer handle_call(const restart_order& order);
  child_answer handle_call(const delete_order& order);
  std::vector<child_info> handle_call(list_order) const;
  void handle_info(const exited& news);
  void handle_info(const try_again& news);

 private:
  using place = std::vector<supervised>::iterator;

  place find(std::string_view id) { return std::ranges::find(children_, id, [](const supervised& one) { return std::string_view(one.spec.id); }); }
  void check(const child_spec& spec);
  std::optional<reason> start(supervised& child);
  void restart(supervised& child);
  bool may_restart();
  void stop(supervised& child);
  void stop_all();

  supervisor_flags flags_;
  std::vector<supervised> children_;
  std::deque<std::chrono::steady_clock::time_point> restarts_;  // within the period, oldest first
};

void supervisor_state::check(const child_spec& spec) {
  if (spec.id.empty()) throw usage_error("mote::supervisor: a child without an id");
  if (!spec.start) throw usage_error("mote::supervisor: child \"" + spec.id + "\" has no start");
  if (find(spec.id) != children_.end()) throw usage_error("mote::supervisor: two children have the id \"" + spec.id + "\"");
}

void supervisor_state::init(supervisor_flags flags, std::vector<child_spec> specs) {
  flags_ = flags;
  for (child_spec& spec : specs) {
    check(spec);
    children_.push_back({std::move(spec), {}, false});
    const std::optional<reason> failed = start(children_.back());
    if (!failed) continue;
    stop_all();
    mote::stop(reason::error("child \"" + children_.back().spec.id + "\" could not be started: " + to_string(*failed)));
  }
}

// The reason for which it could not be started, if it could not.
std::optional<reason> supervisor_state::start(supervised& child) {
  child.restarting = false;
  try {
    child.process = child.spec.start();
    return std::nullopt;
  } catch (const std::exception&) {
    return reason::from_exception(std::current_exception());
  }
}

void supervisor_state::stop(supervised& child) {
  child.restarting = false;
  if (const pid which = std::exchange(child.process, pid())) stop_process(which, child.spec.shutdown);
}

void supervisor_state::stop_all() {
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) stop(*child);  // U3
}

// Counts a restart (U2). False: it is one too many.
bool supervisor_state::may_restart() {
  const auto moment = now();
  while (!restarts_.empty() && moment - restarts_.front() > flags_.period) restarts_.pop_front();
  restarts_.push_back(moment);
  return restarts_.size() <= flags_.intensity;
}

void supervisor_state::restart(supervised& child) {
  if (!may_restart()) mote::stop(reason::shutdown);
  if (!start(child)) return;
  child.restarting = true;
  send(self(), try_again{child.spec.id});  // behind what has come meanwhile
}

void supervisor_state::handle_info(const exited& news) {
  const auto child = std::ranges::find(children_, news.from, &supervised::process);
  if (child == children_.end()) return;  // U1
  report_child(child->spec.id, news.from, news.why);
  child->process = {};
  if (child->spec.restart == restart::temporary) {
    children_.erase(child);
  } else if (child->spec.restart == restart::permanent || news.why) {
    restart(*child);
  }
}

void supervisor_state::handle_info(const try_again& news) {
  const auto child = find(news.id);
  if (child != children_.end() && child->restarting) restart(*child);
}

child_answer supervisor_state::handle_call(start_order order) {
  if (const auto known = find(order.spec.id); known != children_.end()) {
    return {known->process ? child_problem::already_started : child_problem::already_present, known->process, {}};
  }
  children_.push_back({std::move(order.spec), {}, false});
  if (const std::optional<reason> failed = start(children_.back())) {
    children_.pop_back();
    return {child_problem::start_failed, {}, *failed};
  }
  return {std::nullopt, children_.back().process, {}};
}

child_answer supervisor_state::handle_call(const terminate_order& order) {
  const auto child = find(order.id);
  if (child == children_.end()) return {child_problem::not_found, {}, {}};
  stop(*child);
  if (child->spec.restart == restart::temporary) children_.erase(child);
  return {};
}

child_answer supervisor_state::handle_call(const restart_order& order) {
  const auto child = find(order.id);
  if (child == children_.end()) return {child_problem::not_found, {}, {}};
  if (child->process) return {child_problem::running, child->process, {}};
  if (child->restarting) return {child_problem::restarting, {}, {}};
  if (const std::optional<reason> failed = start(*child)) return {child_problem::start_failed, {}, *failed};
  return {std::nullopt, child->process, {}};
}

child_answer supervisor_state::handle_call(const delete_order& order) {
  const auto child = find(order.id);
  if (child == children_.end()) return {child_problem::not_found, {}, {}};
  if (child->process) return {child_problem::running, child->process, {}};
  if (child->restarting) return {child_problem::restarting, {}, {}};
  children_.erase(child);
  return {};
}

std::vector<child_info> supervisor_state::handle_call(list_order) const {
  std::vector<child_info> all;
  for (const supervised& one : children_) all.push_back({one.spec.id, one.process, one.restarting, one.spec.type});
  return all;
}

namespace {

std::string_view text_of(child_problem what) noexcept {
  switch (what) {
    case child_problem::already_present:
      return "is there already, and does not run";
    case child_problem::already_started:
      return "is there already, and runs";
    case child_problem::not_found:
      return "is not there";
    case child_problem::running:
      return "runs";
    case child_problem::restarting:
      return "is being restarted";
    case child_problem::start_failed:
      return "could not be started";
  }
  return "?";
}

template <class Order>
pid ask_for(const supervisor& which, Order order, std::string id) {
  const child_answer answer = call(which, std::move(order), infinity);
  if (answer.problem) throw child_error(*answer.problem, id, answer.process, answer.why);
  return answer.process;
}

}  // namespace

}  // namespace detail

using namespace detail;

child_error::child_error(child_problem what, std::string_view id, pid process, reason why)
    : std::runtime_error("mote::supervisor: child \"" + std::string(id) + "\" " + std::string(text_of(what)) +
                         (what == child_problem::start_failed ? ": " + to_string(why) : std::string())),
      what_(what),
      process_(process),
      why_(std::move(why)) {}

supervisor start_supervisor(supervisor_flags flags, std::vector<child_spec> children) {
  return start_supervisor(spawn_options{}, flags, std::move(children));
}

supervisor start_supervisor(const spawn_options& options, supervisor_flags flags, std::vector<child_spec> children) {
  spawn_options trapping = options;
  trapping.trap_exit = true;
  return start_link<supervisor_state>(trapping, flags, std::move(children));
}

child_spec supervisor_child(std::string id, supervisor_flags flags, std::vector<child_spec> children) {
  child_spec made;
  made.id = std::move(id);
  made.start = child_start(
      [](supervisor_flags given, std::vector<child_spec> specs) -> pid { return start_supervisor(given, std::move(specs)); },
      flags, std::move(children));
  made.shutdown = infinity;
  made.type = child_type::supervisor;
  return made;
}

pid start_child(const supervisor& which, child_spec spec) {
  if (spec.id.empty() || !spec.start) throw usage_error("mote::start_child: a child without an id, or without a start");
  std::string id = spec.id;
  return ask_for(which, start_order{std::move(spec)}, std::move(id));
}

void terminate_child(const supervisor& which, std::string_view id) {
  ask_for(which, terminate_order{std::string(id)}, std::string(id));
}

pid restart_child(const supervisor& which, std::string_view id) {
  return ask_for(which, restart_order{std::string(id)}, std::string(id));
}

void delete_child(const supervisor& which, std::string_view id) {
  ask_for(which, delete_order{std::string(id)}, std::string(id));
}

std::vector<child_info> which_children(const supervisor& which) { return call(which, list_order{}, infinity); }

child_counts count_children(const supervisor& which) {
  child_counts sum{};
  for (const child_info& one : which_children(which)) {
    ++sum.specs;
    sum.active += static_cast<bool>(one.process);
    ++(one.type == child_type::supervisor ? sum.supervisors : sum.workers);
  }
  return sum;
}

}  // namespace mote
