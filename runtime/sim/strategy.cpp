// PCT: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding bugs" (2010).
// The bound on preemptions: Musuvathi and Qadeer, "Iterative context bounding" (2007).
#include "runtime/sim/strategy.hpp"

#include "runtime/base/check.hpp"

#include <algorithm>
#include <unordered_map>

namespace mote::detail {

namespace {

class uniform_chooser final : public chooser {
 public:
  explicit uniform_chooser(split_mix& random) noexcept : random_(random) {}
  std::uint32_t next(std::span<const std::uint64_t> names) override {
    return random_.below(static_cast<std::uint32_t>(names.size()));
  }
  std::int32_t slice(std::int32_t usual) override { return drawn_slice(random_, usual); }

 private:
  split_mix& random_;
};

class in_turn final : public chooser {
 public:
  // Queues are first in, first out; schedulers come in the order of their numbers.
  std::uint32_t next(std::span<const std::uint64_t> names) override {
    if (!names_scheduler(names[0])) return 0;
    const auto after = std::ranges::find_if(names, [this](std::uint64_t name) { return name < last_; });
    const auto taken = after != names.end() ? static_cast<std::uint32_t>(after - names.begin()) : 0;
    last_ = names[taken];
    return taken;
  }
  std::int32_t slice(std::int32_t) override { return 1; }

 private:
  std::uint64_t last_ = 0;
};

// A priority for each name; the highest goes on. What goes on for long all the same, or gives way, goes behind the others: a loop
// that waits for another would never end.
class pct_chooser final : public chooser {
 public:
  pct_chooser(const sim::strategy& how, split_mix& random) : random_(random) {
    for (unsigned i = 1; i < how.depth; ++i) changes_.push_back(random_.next() % how.length);
    std::ranges::sort(changes_);
  }
  std::uint32_t next(std::span<const std::uint64_t> names) override {
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < names.size(); ++i) {
      if (priority(names[i]) > priority(names[best])) best = i;
    }
    patience_ = names[best] == last_ ? patience_ - 1 : most_in_a_row;
    last_ = names[best];
    const bool changes = !changes_.empty() && changes_.front() <= step_;
    if (changes) changes_.erase(changes_.begin());
    ++step_;
    if (names.size() == 1 || (!changes && patience_ != 0)) return best;
    gave_way(last_);
    last_ = 0;
    return next(names);
  }
  std::int32_t slice(std::int32_t) override { return 1; }
  void gave_way(std::uint64_t name) override { priorities_[name] = --lowest_; }

 private:
  static constexpr std::uint32_t most_in_a_row = 10'000;

  std::int64_t priority(std::uint64_t name) {
    const auto [at, is_new] = priorities_.try_emplace(name, 0);
    if (is_new) at->second = static_cast<std::int64_t>(random_.next() >> 2) + 1;
    return at->second;
  }

  split_mix& random_;
  std::vector<std::uint64_t> changes_;
  std::unordered_map<std::uint64_t, std::int64_t> priorities_;
  std::int64_t lowest_ = 0;
  std::uint64_t step_ = 0, last_ = 0;
  std::uint32_t patience_ = most_in_a_row;
};

// Each decision is packed into a number: what was taken, of how many, at what cost. The running one goes on for nothing, another
// in its place is a preemption; who gives way or waits lets any other go on for nothing.
class listed_chooser final : public chooser {
 public:
  listed_chooser(unsigned preemptions, std::vector<std::uint32_t> given) : left_(preemptions), given_(std::move(given)) {}

  std::uint32_t next(std::span<const std::uint64_t> names) override {
    if (names.size() == 1) return took(names, 0);
    const auto running = static_cast<std::uint32_t>(std::ranges::find(names, last(names)) - names.begin());
    const bool may_go_on = running < names.size();
    MOTE_CHECK(names.size() < 256);  // a byte of the number
    const std::uint32_t allowed = may_go_on && left_ == 0 ? 1 : static_cast<std::uint32_t>(names.size());
    std::uint32_t taken = made_.size() < given_.size() ? given_[made_.size()] & 0xFF : 0;
    taken = std::min(taken, allowed - 1);
    made_.push_back(allowed << 8 | taken);
    if (!may_go_on) return took(names, taken);
    if (taken == 0) return took(names, running);
    --left_;
    return took(names, taken <= running ? taken - 1 : taken);
  }
  std::int32_t slice(std::int32_t) override { return 1; }
  void gave_way(std::uint64_t) override { last_[0] = 0; }
  std::vector<std::uint32_t> choices() const override { return made_; }

 private:
  std::uint32_t took(std::span<const std::uint64_t> names, std::uint32_t which) {
    last(names) = names[which];
    return which;
  }
  // Processes and schedulers go on each among themselves.
  std::uint64_t& last(std::span<const std::uint64_t> names) { return last_[names_scheduler(names[0]) ? 1 : 0]; }

  unsigned left_;
  std::vector<std::uint32_t> given_, made_;
  std::uint64_t last_[2] = {0, 0};
};

}  // namespace

std::unique_ptr<chooser> make_chooser(const sim::strategy& how, split_mix& random, const std::vector<std::uint32_t>& choices) {
  switch (how.how) {
    case sim::strategy::kind::uniform:
      return std::make_unique<uniform_chooser>(random);
    case sim::strategy::kind::pct:
      return std::make_unique<pct_chooser>(how, random);
    case sim::strategy::kind::round_robin:
      return std::make_unique<in_turn>();
    case sim::strategy::kind::exhaustive:
      return std::make_unique<listed_chooser>(how.preemptions, choices);
  }
  return nullptr;
}

std::vector<std::uint32_t> next_schedule::after(const std::vector<std::uint32_t>& choices) {
  std::vector<std::uint32_t> following = choices;
  while (!following.empty()) {
    const std::uint32_t last = following.back();
    if ((last & 0xFF) + 1 < last >> 8) {
      ++following.back();
      return following;
    }
    following.pop_back();
  }
  return following;
}

}  // namespace mote::detail
