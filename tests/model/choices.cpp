// The three ways to choose. Depth first, decisions_ is at once the path of this run and, by the counts, what is left
// to try. A decision that the budget forces is in the list too, with count 1, so that a list can be replayed without
// budgets.
#include "tests/model/choices.hpp"

#include <charconv>

#include "runtime/base/check.hpp"

namespace mote::model {

void choices::start_run() {
  position_ = 0;
  left_ = most_;
  if (scheduled_ > 0) last_length_ = scheduled_;
  scheduled_ = 0;
}

void choices::search_depth_first(budget most) {
  way_ = way::depth_first;
  most_ = most;
  decisions_.clear();
  start_run();
}

bool choices::next_run() {
  decisions_.resize(position_);
  while (!decisions_.empty() && decisions_.back().taken + 1 >= decisions_.back().count) decisions_.pop_back();
  if (decisions_.empty()) return false;
  ++decisions_.back().taken;
  start_run();
  return true;
}

void choices::run_seed(std::uint64_t seed, way how, budget most) {
  way_ = how;
  most_ = most;
  random_state_ = seed;
  decisions_.clear();
  start_run();
  switch_one_in_ = std::uint64_t{2} << random() % 3;
  for (auto& point : change_points_) point = static_cast<std::uint32_t>(random() % last_length_);
  for (auto& priority : priority_) priority = static_cast<std::uint32_t>(random() >> 33) + 2;
}

void choices::run_list(const std::string& text) {
  way_ = way::replay;
  most_ = {};
  decisions_.clear();
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    decision next{0, 1};
    const auto [stop, error] = std::from_chars(at, end, next.taken);
    MOTE_CHECK(error == std::errc());
    decisions_.push_back(next);
    at = stop + 1;
  }
  start_run();
}

std::size_t choices::thread(const std::array<std::uint8_t, most_threads>& ready, std::size_t count,
                            bool running_is_first) {
  ++scheduled_;
  if (count == 1) return 0;
  const bool stay = running_is_first && left_.preemptions == 0 && way_ == way::depth_first;
  std::size_t wanted = 0;
  if (way_ == way::pct) wanted = by_priority(ready, count);
  if (way_ == way::random && (!running_is_first || one_in(switch_one_in_))) wanted = random() % count;
  const std::size_t taken = decide(count, stay ? 1 : count, wanted);
  if (running_is_first && taken > 0 && left_.preemptions > 0) --left_.preemptions;
  return taken;
}

std::size_t choices::by_priority(const std::array<std::uint8_t, most_threads>& ready, std::size_t count) {
  for (std::size_t i = 0; i < change_points_.size(); ++i)
    if (scheduled_ == change_points_[i]) priority_[ready[0]] = static_cast<std::uint32_t>(i);
  std::size_t best = 0;
  for (std::size_t i = 1; i < count; ++i)
    if (priority_[ready[i]] > priority_[ready[best]]) best = i;
  return best;
}

std::size_t choices::surprise(std::size_t count, std::uint32_t& left) {
  if (count == 1) return 0;
  const bool by_seed = way_ == way::random || way_ == way::pct;
  const std::size_t wanted = by_seed && left > 0 && one_in(4) ? random() % count : 0;
  const std::size_t taken = decide(count, left > 0 ? count : 1, wanted);
  if (taken > 0 && left > 0) --left;
  return taken;
}

std::size_t choices::any(std::size_t count) { return count < 2 ? 0 : decide(count, count, random() % count); }

std::size_t choices::decide(std::size_t count, std::size_t allowed, std::size_t wanted) {
  const bool given = way_ == way::replay || way_ == way::depth_first;
  if (given && position_ < decisions_.size()) {
    const std::size_t taken = decisions_[position_++].taken;
    MOTE_CHECK(taken < count);  // or the body is not deterministic
    return taken;
  }
  const std::size_t taken = given ? 0 : wanted;
  decisions_.push_back({static_cast<std::uint8_t>(taken), static_cast<std::uint8_t>(allowed)});
  ++position_;
  return taken;
}

std::string choices::list() const {
  std::string text;
  for (std::size_t i = 0; i < position_; ++i) {
    if (i > 0) text += ',';
    text += std::to_string(decisions_[i].taken);
  }
  return text;
}

std::uint64_t choices::random() {  // splitmix64
  std::uint64_t z = (random_state_ += 0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

}  // namespace mote::model
