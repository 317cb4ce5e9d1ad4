// A mailbox for plain threads: a hidden process, the pump, takes what comes and hands it over.
//
// M1  Under the box's lock: while something lies in `incoming`, or the mailbox has ended, the bell rings. It is silenced only by
//     a receive that has looked at everything and found nothing it wants. So no edge is lost, whoever sends meanwhile.
// M2  The pump waits, deaf, while `incoming` holds `most_incoming`: what comes then stays in its mailbox, where limits and the
//     price of a long mailbox count. A receive that comes to the end of what it has takes all of `incoming`, and wakes the pump:
//     so whoever waits for what is far behind gets there.
// M3  The pump's end, of whatever kind, is told by its awaiter, which keeps the box until then.
// M4  The host wakes the pump by a nudge after what it is to look at stands in the box; the pump looks there after it has taken
//     the nudge away (sort_mail), and before it sleeps.
#include "runtime/process/outside.hpp"
#include "runtime/process/refs.hpp"

#include "runtime/os/bell.hpp"
#include "runtime/os/clock.hpp"

#include <mote/outside_mailbox.hpp>

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace mote::detail {

namespace {

constexpr std::uint32_t most_incoming = 1024;

// What is to come next is pending then. A mailbox that drops its oldest keeps it on the shelf, where it may yet be dropped, until
// it is asked for.
bool brings_more(process& self) noexcept {
  if (self.pending.first == nullptr && self.has(process_flags::sheds)) take_from_shelf(*current_core(), self);
  return self.pending.first != nullptr;
}

struct owed_answer {
  reply_to to;
  envelope_ptr mail;
};

}  // namespace

class outside_box {
 public:
  outside_box() { rings_.emplace("mote::outside_mailbox"); }
  ~outside_box() { drop_all(); }

  // ---- the pump's side ----

  /// Takes what has come to the pump, as much as there is room for, or all, if the pump is about to end. False: the host has
  /// closed it.
  bool fill_from(process& self) {
    const std::lock_guard hold(lock_);
    if (closed_) return false;
    const bool was_empty = incoming_.first == nullptr;
    const std::uint32_t most = self.has(process_flags::doomed) ? ~std::uint32_t{0} : most_incoming;
    while (brings_more(self) && incoming_.count.get() < most) {
      if (self.pending.first->kind == envelope_kind::request) owe_answer(self, *self.pending.first);
      incoming_.append(self.pending.take(&self.pending.first));
    }
    full_ = self.pending.first != nullptr;
    if (was_empty && incoming_.first != nullptr) tell();
    return true;
  }
  bool is_full() {
    const std::lock_guard hold(lock_);
    return full_;
  }
  std::vector<owed_answer> take_answers() {
    const std::lock_guard hold(lock_);
    return std::exchange(answers_, {});
  }
  void end(const reason& why) noexcept {
    const std::lock_guard hold(lock_);
    ended_ = true;
    why_ = why;
    tell();
  }

  // ---- the host's side ----

  /// True: somebody must wake the pump.
  bool take_incoming() noexcept {
    const std::lock_guard hold(lock_);
    while (incoming_.first != nullptr) held.append(incoming_.take(&incoming_.first));
    return std::exchange(full_, false);
  }
  /// Whether something has come in by then, or may have.
  bool wait_for_incoming(std::uint64_t deadline_ns) {
    std::unique_lock hold(lock_);
    for (;;) {
      if (incoming_.first != nullptr) return true;
      if (deadline_ns != 0 && (ended_ || closed_)) throw mailbox_ended(why_);
      if (deadline_ns <= monotonic_ns() && deadline_ns != no_deadline) break;
      wait(hold, deadline_ns);
    }
    if (!ended_ && rings_) rings_->silence();  // M1
    return false;
  }
  bool is_open() noexcept {
    const std::lock_guard hold(lock_);
    return !ended_ && !closed_;
  }
  void add_answer(owed_answer&& one) {
    const std::lock_guard hold(lock_);
    if (!ended_ && !closed_) answers_.push_back(std::move(one));
  }
  int descriptor() noexcept {
    const std::lock_guard hold(lock_);
    return rings_ ? rings_->descriptor() : -1;
  }
  /// True: somebody must wake the pump.
  bool close() noexcept {
    {
      const std::lock_guard hold(lock_);
      if (std::exchange(closed_, true)) return false;
      arrived_.notify_all();
    }
    const std::lock_guard nobody_reads(reading);
    {
      const std::lock_guard hold(lock_);
      rings_.reset();
    }
    drop_all();
    return true;
  }
  bool is_closed() noexcept {
    const std::lock_guard hold(lock_);
    return closed_;
  }

  std::mutex reading;  ///< of `held`
  pending_list held;
  pid id;  ///< the pump's, before anyone can ask

 private:
  /// no_reply has the text of a request.
  class mailbox_ended : public no_reply {
   public:
    explicit mailbox_ended(const reason& why)
        : no_reply("mote::outside_mailbox::receive: the mailbox has ended (" + to_string(why) + ")", why) {}
  };

  void tell() noexcept {
    if (rings_) rings_->ring();
    arrived_.notify_all();
  }
  void wait(std::unique_lock<std::mutex>& hold, std::uint64_t deadline_ns) {
    if (deadline_ns == no_deadline) return arrived_.wait(hold);
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline_ns)};
    arrived_.wait_until(hold, until);
  }
  void drop_all() noexcept {
    pending_list all;
    {
      const std::lock_guard hold(lock_);
      while (incoming_.first != nullptr) held.append(incoming_.take(&incoming_.first));
    }
    while (held.first != nullptr) drop_envelope(held.take(&held.first));
  }

  std::mutex lock_;
  std::condition_variable arrived_;
  pending_list incoming_;
  std::vector<owed_answer> answers_;
  std::optional<bell> rings_;  // until closed
  bool full_ = false;
  bool ended_ = false;
  bool closed_ = false;
  reason why_;
};

namespace {

// The pump. Each step has a door of its own, since a reply opens one too.
void pump(outside_box& box) {
  for (;;) {
    {
      const entry door("mote::outside_mailbox");
      process& self = door.self();
      sort_mail(door.here(), self);  // M4
      if (!box.fill_from(self)) return;
      end_if_doomed(door.here(), self);
      yield_if_used_up(door.here());
    }
    for (owed_answer& one : box.take_answers()) send_reply(one.to, one.mail.release());
    const entry door("mote::outside_mailbox");
    static_cast<void>(wait_for_wake(door.self(), no_deadline, box.is_full() ? wait_reason::work : wait_reason::message));  // M2
  }
}

struct pump_body {
  outside_box* box;  ///< kept by the awaiter
  static void run(void* place) { pump(*static_cast<pump_body*>(place)->box); }
  static void drop(void*) noexcept {}
};
constexpr closure_type pump_type{sizeof(pump_body), alignof(pump_body), &pump_body::run, &pump_body::drop};

// M3
void pump_has_ended(void* kept, const reason& why) noexcept {
  const std::unique_ptr<std::shared_ptr<outside_box>> box(static_cast<std::shared_ptr<outside_box>*>(kept));
  (*box)->end(why);
}

void wake_pump(std::uint64_t place, pid id) noexcept {
  if (const visit there = visit::to(place)) nudge_from_outside(there.home(), key_of(id));
}

pid start_pump(runtime& home, const std::shared_ptr<outside_box>& box, const spawn_options& with) {
  outside_draft child(home, pump_type, &with);
  ::new (child.place()) pump_body{box.get()};
  process& subject = child.subject();
  const std::uint64_t key = subject.key();
  box->id = home.table.pid_of(key);
  subject.set(process_flags::hidden);
  auto kept = std::make_unique<std::shared_ptr<outside_box>>(box);
  home.await_end(subject, {&pump_has_ended, kept.get()});
  try {
    if (!child.launch()) refuse_start_after_shutdown();
  } catch (...) {
    if (!home.forget_awaiter(key)) static_cast<void>(kept.release());  // M3: a shutdown has told it, and so has what was kept
    throw;
  }
  static_cast<void>(kept.release());
  return box->id;
}

}  // namespace

outside_box_handle::outside_box_handle(const way_in& where, const spawn_options& with)
    : way_(where), box_(std::make_shared<outside_box>()) {
  const visit there = visit::to(where.place(), "mote::outside_mailbox");
  if (!there) refuse_start_after_shutdown();
  start_pump(there.home(), box_, with);
}

pid outside_box_handle::id() const noexcept { return box_->id; }
int outside_box_handle::descriptor() const noexcept { return box_->descriptor(); }
bool outside_box_handle::is_open() const noexcept { return box_->is_open(); }

void outside_box_handle::reply(const reply_to& to, envelope_ptr mail) {
  const errno_kept same;
  box_->add_answer({to, std::move(mail)});
  wake_pump(way_.place(), box_->id);
}

void outside_box_handle::close() noexcept {
  const errno_kept same;
  if (box_->close()) wake_pump(way_.place(), box_->id);
}

outside_scan::outside_scan(outside_box_handle& whose) : whose_(whose), box_(whose.box_.get()) {
  const core* const here = current_core();
  if (here != nullptr && here->running() != nullptr) {
    throw usage_error("mote::outside_mailbox::receive: called from a process, which has a mailbox of its own");
  }
  box_->reading.lock();
  if (box_->is_closed()) {
    let_go();
    throw usage_error("mote::outside_mailbox::receive: called after close");
  }
  link_ = &box_->held.first;
}

outside_scan::~outside_scan() { let_go(); }

void outside_scan::let_go() noexcept {
  if (box_ != nullptr) std::exchange(box_, nullptr)->reading.unlock();
}

envelope_ptr outside_scan::take() noexcept {
  envelope_ptr taken(box_->held.take(link_));
  let_go();
  return taken;
}

bool outside_scan::more(std::uint64_t deadline_ns) {
  const errno_kept same;
  if (!box_->wait_for_incoming(deadline_ns)) return false;
  if (box_->take_incoming()) wake_pump(whose_.way_.place(), whose_.box_->id);  // M2
  return true;
}

reply_to outside_scan::asker() noexcept {
  const std::uint64_t place = whose_.way_.place();
  const std::uint64_t key = asker_of(*current_);
  const pid asker = is_foreign(key) ? foreign_pid(place, key)
                                    : pid(place, static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32));
  return reply_to(asker, ref(current_->mark, current_->slot), box_->id);
}

std::uint64_t outside_scan::deadline_after(std::chrono::nanoseconds delay) noexcept {
  return delay.count() <= 0 ? 0 : moment_after(monotonic_ns(), delay);
}

}  // namespace mote::detail
