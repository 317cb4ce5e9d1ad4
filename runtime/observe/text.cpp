#include "runtime/observe/text.hpp"

#include <cstdio>
#include <map>
#include <vector>

namespace mote::detail {

namespace {

std::string seconds(std::uint64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(ns) / 1e9);
  return text;
}

std::string count_of(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string title(const process_record& one) {
  std::string text = to_string(one.id);
  if (!one.name.empty()) text += " \"" + std::string(one.name.view()) + "\"";
  if (!one.label.empty()) text += " (" + std::string(one.label.view()) + ")";
  return text;
}

std::string list(const char* what, const some_pids& some) {
  if (some.count == 0) return {};
  std::string text = std::string(" ") + what;
  for (std::size_t i = 0; i < some.shown(); ++i) text += " " + to_string(some.first[i]);
  if (some.count > some.shown()) text += " and " + std::to_string(some.count - some.shown()) + " more";
  return text + ";";
}

std::string state_line(const process_record& one) {
  std::string text(to_string(one.state));
  if (one.state == process_state::waiting) text += " for " + wait_as_text(one) + " since " + seconds(one.waits_ns);
  if (one.scheduler >= 0) text += " on scheduler " + std::to_string(one.scheduler);
  if (one.prio != priority::normal) text += one.prio == priority::high ? ", priority high" : ", priority low";
  if (one.traps_exits) text += ", traps exits";
  if (one.pinned >= 0) text += ", pinned to scheduler " + std::to_string(one.pinned);
  if (one.parent) text += ", spawned by " + to_string(one.parent);
  return text;
}

void add_tree(const std::map<pid, std::vector<const process_record*>>& children, const process_record& one, unsigned depth,
              std::string& text) {
  text += std::string(2 * depth + 2, ' ') + title(one);
  if (!one.server.empty()) text += is_supervisor(one) ? ", supervisor" : ", server " + std::string(one.server.view());
  text += "\n";
  const auto own = children.find(one.id);
  if (!is_supervisor(one) || own == children.end() || depth > 64) return;
  for (const process_record* child : own->second) add_tree(children, *child, depth + 1, text);
}

}  // namespace

std::string wait_as_text(const process_record& one) {
  const std::string whom = one.waits_for_whom ? to_string(one.waits_for_whom) : "somebody";
  switch (one.waits_for) {
    case wait_reason::message:
      return "a message";
    case wait_reason::time:
      return "its time";
    case wait_reason::reply:
      return "the answer of " + whom;
    case wait_reason::descriptor:
      return "descriptor " + std::to_string(one.waits_for_descriptor);
    case wait_reason::room:
      return "room in the mailbox of " + whom;
    case wait_reason::work:
      return "work done elsewhere";
  }
  return "?";
}

std::string as_text(const runtime_record& one) {
  std::string text = "mote: " + std::string(one.cause.view()) + "\n";
  text += "runtime " + std::to_string(one.place) + " of OS process " + std::to_string(one.os_process) + ": " +
          count_of(one.processes, "process", "processes") + " alive, " + std::to_string(one.spawned) + " spawned, " +
          std::to_string(one.ended) + " ended, " + std::to_string(one.abandoned) + " abandoned; " +
          std::to_string(one.resident_bytes >> 10) + " KiB resident, " + std::to_string(one.process_bytes >> 10) +
          " KiB of control blocks\n";
  text += "  " + std::to_string(one.injected) + " made ready from outside that no scheduler has taken yet; " +
          count_of(one.stacks, "stack", "stacks") + ", " + std::to_string(one.stack_address_bytes >> 10) +
          " KiB of addresses opened for them; " + std::to_string(one.message_bytes) + " bytes in mailboxes; " +
          count_of(one.threads, "thread", "threads") + " in use beside the schedulers', one lacked " +
          count_of(one.threads_lacked, "time", "times") + "\n";
  if (!one.still) text += "not all threads stood still: what ran may be told wrongly, and without a backtrace\n";
  return text;
}

std::string as_text(const scheduler_record& one) {
  std::string text = "scheduler " + std::to_string(one.index) + ", thread " + std::to_string(one.thread) + ": ";
  text += one.running ? "runs " + to_string(one.running) : one.sleeps ? "sleeps" : "looks for work";
  const scheduler_statistics& of = one.counts;
  text += "; " + std::to_string(of.ready) + " ready, " + count_of(of.timers, "timer", "timers") + "; " +
          std::to_string(of.turns) + " turns, " + std::to_string(of.sleeps) + " sleeps, " + std::to_string(of.shares) +
          " shares, " + std::to_string(of.steals) + " steals, " + std::to_string(of.migrations) + " migrations, " +
          std::to_string(of.raids) + " raids, " + std::to_string(of.handoffs) + " hand-offs\n";
  for (std::size_t i = one.events; i-- != 0;) {
    const event_record& event = one.event[i];
    text += "  " + std::string(event.what);
    if (event.subject) text += " " + to_string(event.subject);
    if (event.other) text += (event.what == "run" ? " after " : " by ") + to_string(event.other);
    if (event.number != 0) text += " " + std::to_string(event.number);
    text += "\n";
  }
  return text;
}

std::string as_text(const process_record& one, const frame_namer& name_of) {
  std::string text = "process " + title(one);
  if (!one.server.empty()) text += ", server " + std::string(one.server.view());
  text += "\n  " + state_line(one) + "\n";
  text += "  " + count_of(one.messages, "message", "messages") + ", " + std::to_string(one.message_bytes) + " bytes";
  if (!one.first_message.empty()) text += ", the first " + std::string(one.first_message.view());
  text += "; " + std::to_string(one.stack_bytes) + " of " + std::to_string(one.stack_limit) + " bytes of stack, " +
          std::to_string(one.reductions) + " reductions\n";
  const std::string ties = list("links", one.links) + list("monitors", one.monitors) + list("watched by", one.watchers);
  if (!ties.empty()) text += " " + ties.substr(0, ties.size() - 1) + "\n";
  for (std::size_t i = 0; i < one.frames; ++i) text += "    " + name_of(one.frame[i]) + "\n";
  return text;
}

std::string supervision_tree(std::span<const process_record> all) {
  std::map<pid, std::vector<const process_record*>> children;
  std::map<pid, bool> supervises;
  for (const process_record& one : all) {
    children[one.parent].push_back(&one);
    if (is_supervisor(one)) supervises[one.id] = true;
  }
  std::string text;
  for (const process_record& one : all) {
    if (supervises.contains(one.id) && !supervises.contains(one.parent)) add_tree(children, one, 0, text);
  }
  return text.empty() ? text : "supervision:\n" + text;
}

}  // namespace mote::detail
