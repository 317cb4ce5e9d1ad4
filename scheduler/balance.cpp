// How work gets from one scheduler to another: sent there, offered to whoever has none, or migrated to one that has less.
// Labels: scheduler.hpp.
#include <array>

#include "scheduler/group.hpp"
#include "scheduler/level.hpp"

namespace mote::detail {

namespace {

constexpr std::uint64_t balance_ns = 1'000'000;  // between two comparisons

}  // namespace

/// "Migrate that many of that priority to me", in one word, so that who asks and who answers need no order between them.
struct scheduler::request {
  std::uint32_t to;
  std::uint32_t priority;
  std::uint32_t count;

  std::uint32_t word() const noexcept { return to << 16 | priority << 8 | count; }
  static request of(std::uint32_t word) noexcept { return {word >> 16, word >> 8 & 0xFF, word & 0xFF}; }
};

void scheduler::take_remote() noexcept {
  runnable* newest = station_->remote.take_all();
  runnable* oldest = nullptr;
  while (newest != nullptr) {
    runnable* following = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = following;
  }
  std::uint32_t taken = 0;
  while (oldest != nullptr) {
    runnable* following = oldest->next;
    queue_.push(*oldest);
    oldest = following;
    ++taken;
  }
  station_->remote_count.fetch_sub(taken, relaxed);
}

void scheduler::answer() noexcept {
  const std::uint32_t wanted = wanted_.load(relaxed);
  wanted_.store(0, relaxed);
  if (wanted == a_look || group_.size() == 1) return;
  if (wanted == an_offer) return share();
  migrate(request::of(wanted));
}

// Puts half of what is queued where thieves find it.
void scheduler::share() noexcept {
  if (!station_->ring.empty() || queue_.size() < 2) return;
  std::array<runnable*, 64> items;
  const std::uint32_t taken = queue_.take_last(items.data(), static_cast<std::uint32_t>(items.size()));
  const std::uint32_t count = keep_pinned(items.data(), taken);
  const std::uint32_t shared = station_->ring.push(items.data(), count);
  MOTE_CHECK(shared == count);
  if (count == 0) return;
  counts_.shares.add(1);
  group_.wake_one();
}

// Queues those again that must stay; returns how many others there are, now in front.
std::uint32_t scheduler::keep_pinned(runnable** items, std::uint32_t count) noexcept {
  std::uint32_t free = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (items[i]->pinned == no_pin) {
      items[free++] = items[i];
    } else {
      queue_.push(*items[i]);
    }
  }
  return free;
}

scheduler& scheduler::yield_to(unsigned there) noexcept {
  runnable& self = *running_;
  if (there == index_ || there >= group_.size() || self.pinned != no_pin || orders_) return yield();
  runnable* const next = pick_prepared();
  gave_away_ = true;
  counts_.migrations.add(1);
  trace_.record(event::migrate, there, 1);
  self.works_on = static_cast<std::uint16_t>(there);
  return leave_to(next, [](scheduler& here, runnable& left) noexcept { here.group_.make_remote(left.works_on, left); });
}

// S5. Compares with one other, which the seam chooses, and asks for what is too much there.
void scheduler::balance() noexcept {
  const std::uint64_t now = now_ns();
  if (now - balanced_ns_ < balance_ns) return;
  balanced_ns_ = now;
  const auto schedulers = static_cast<std::uint32_t>(group_.size());
  scheduler& other = group_[(index_ + 1 + order().choose(schedulers - 1)) % schedulers];
  for (std::uint8_t priority = 0; priority < priorities; ++priority) {
    const std::uint32_t count = surplus(queue_.size(priority), other.queue_.size(priority));
    if (count != 0) return other.wanted_.store(request{index_, priority, count}.word(), relaxed);
  }
}

// S5. What it was asked for may have changed since: it gives no more than half of what it has.
void scheduler::migrate(const request& wanted) noexcept {
  std::array<runnable*, most_migrated> items;
  const std::uint32_t taken = queue_.take_last(static_cast<std::uint8_t>(wanted.priority), items.data(), wanted.count);
  const std::uint32_t count = keep_pinned(items.data(), taken);
  if (count == 0) return;
  trace_.record(event::migrate, wanted.to, count);
  counts_.migrations.add(count);
  for (std::uint32_t i = 0; i < count; ++i) group_.make_remote(wanted.to, *items[i]);
}

}  // namespace mote::detail
