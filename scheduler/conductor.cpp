// Labels: conductor.hpp.
#include "scheduler/conductor.hpp"

#include "scheduler/group.hpp"

#include <algorithm>
#include <array>

namespace mote::detail {

namespace {

constexpr std::uint8_t lane_stack_class = 2;
constexpr std::size_t most_lanes = 64;

}  // namespace

conductor::conductor(scheduler_group& group, seam& order, stack_arena& stacks)
    : group_(group), order_(order), stacks_(stacks) {}

conductor::~conductor() = default;

std::unique_ptr<event_source> conductor::add() {
  MOTE_CHECK(lanes_.size() < most_lanes);
  lanes_.emplace_back(*this);
  return std::make_unique<lane_source>(lanes_.back());
}

void conductor::run() noexcept {
  native_.bind();
  wakes_.wait(0, acquire);  // O1
  bool complete = true;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    lane& one = lanes_[i];
    one.whose = &group_[i];
    one.ground = stacks_.take(lane_stack_class);
    if ((complete &= one.ground != nullptr)) one.where = make_context(*one.ground, &conductor::begin, &native_);
    one.standing = one.ground;
  }
  if (complete) {
    const tsan_in_scheduler quiet;
    lane& first = next();
    running_ = &first;
    set_current_scheduler(first.whose);
    switch_context(first.where, first.ground, native_);
    set_current_scheduler(nullptr);
    tsan_acquire(this);  // all that left their stacks in this run, for who awaits its end
  }
  for (lane& one : lanes_) {
    one.whose->end_conducted();
    if (one.came_back) stacks_.give(one.ground);
  }
  say(true);
}

// The bottom of each lane's stack.
void conductor::begin(arrival first) noexcept {
  tsan_enter_scheduler();
  scheduler& here = *current_scheduler();
  conductor& self = *here.group().conducted();
  self.arrived(first.from);
  here.borrow(*first.on);
  here.begin_conducted();
  here.run_until_stopped();
  self.running_->came_back = true;
  self.end_lane();
}

// The one that was left is published only here.
void conductor::arrived(context from) noexcept {
  if (left_ != nullptr) {
    left_->where = from;
  } else {
    native_where_ = from;
  }
}

void conductor::go_to(lane& to) noexcept {
  if (&to == running_) return;
  scheduler& on = *current_scheduler();
  stack* const standing = on.current;
  left_ = running_;
  left_->standing = standing != nullptr ? standing : left_->ground;
  running_ = &to;
  set_current_scheduler(to.whose);
  tsan_release(this);
  const arrival back = switch_context(to.where, to.standing, on);
  arrived(back.from);
  on.current = standing;
  set_current_scheduler(&on);
}

void conductor::leave() noexcept {
  tsan_release(this);
  leave_context(native_where_, nullptr, native_);
}

void conductor::end_lane() noexcept {
  lane& mine = *running_;
  mine.over = true;
  machine* on = &native_;
  context to = native_where_;
  stack* standing = nullptr;
  if (lane* const other = choose()) {
    on = mine.whose;
    to = other->where;
    standing = other->standing;
    left_ = &mine;
    running_ = other;
    set_current_scheduler(other->whose);
  }
  tsan_release(this);
  tsan_leave_scheduler();
  leave_context(to, standing, *on);
}

// ---- who goes on ----

bool conductor::can_go_on(const lane& one) const noexcept {
  if (one.over) return false;
  if (group_.stopping()) return one.standing == one.ground;  // C4
  return !one.waits || one.woken.load(acquire) || one.deadline_ns <= order_.now_ns();  // O2
}

conductor::lane* conductor::choose() noexcept {
  std::array<std::uint64_t, most_lanes> names;
  std::array<lane*, most_lanes> who;
  std::size_t count = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (!can_go_on(lanes_[i])) continue;
    names[count] = scheduler_name(i);
    who[count++] = &lanes_[i];
  }
  if (count == 0) return nullptr;
  return count == 1 ? who[0] : who[order_.next(std::span(names).first(count))];
}

conductor::lane& conductor::next() noexcept {
  for (;;) {
    if (lane* const one = choose()) return *one;
    if (!skip_time()) stand();
  }
}

// C3. False: nobody waits for a time.
bool conductor::skip_time() noexcept {
  std::uint64_t earliest = order_.due_ns();
  for (const lane& one : lanes_) {
    if (!one.over) earliest = std::min(earliest, one.deadline_ns);
  }
  return earliest != forever && order_.skip_to(earliest);
}

// C3. On the last lane that had something to do, which whatever is made ready becomes the business of. When that is nothing, only
// somebody outside can wake one.
void conductor::stand() noexcept {
  const std::uint32_t seen = wakes_.load(acquire);  // O1
  if (std::ranges::any_of(lanes_, [this](const lane& one) { return can_go_on(one); })) return;
  if (group_.on_stuck != nullptr) group_.on_stuck(group_.stuck_context);
  order_.stands();
  const bool nothing_here = running_->whose->queued() == 0 && running_->whose->timers().size() == 0;
  if (nothing_here && !order_.is_over()) return wakes_.wait(seen, acquire);
  running_->woken.store(true, release);  // O2
}

void conductor::wake() noexcept {
  wakes_.fetch_add(1, release);  // O1
  wakes_.notify_one();
}

void conductor::point() noexcept {
  if (order_.is_over()) [[unlikely]] leave();
  const bool inside_process = current_scheduler()->current != nullptr;
  if (group_.stopping()) [[unlikely]] return inside_process ? end_lane() : void();  // C4
  if (lanes_.size() != 1) go_to(next());
}

void conductor::wait(lane& mine, std::uint64_t timeout_ns) noexcept {
  const std::uint64_t now = order_.now_ns();
  mine.deadline_ns = timeout_ns < forever - now ? now + timeout_ns : forever;
  mine.waits = true;
  if (order_.is_over()) leave();
  if (!group_.stopping()) go_to(next());
  mine.waits = false;
  mine.woken.exchange(false, acquire);  // O2
}

// ---- as the plain thread sees it ----

void conductor::say(bool ended) {
  const std::lock_guard hold(lock_);
  if (outcome_ == outcome::running) outcome_ = ended ? outcome::ended : outcome::given_up;
  changed_.notify_all();
}

bool conductor::has_ended() {
  const std::lock_guard hold(lock_);
  return outcome_ == outcome::ended;
}

void conductor::give_up() { say(false); }

bool conductor::await_end() {
  std::unique_lock hold(lock_);
  changed_.wait(hold, [this] { return outcome_ != outcome::running; });
  return outcome_ == outcome::ended;
}

}  // namespace mote::detail
