// The receiver's side of a mailbox, as far as receive's templates need it: a list that only the owning process touches, and
// the few calls that fill it, wait for it and empty it.
#pragma once

#include <mote/detail/envelope.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

namespace mote::detail {

class process;

/// A counter that its owner writes and anyone may read.
class owned_counter {
 public:
  void add(std::uint32_t more) noexcept { value_.store(get() + more, std::memory_order_relaxed); }
  void subtract(std::uint32_t less) noexcept { value_.store(get() - less, std::memory_order_relaxed); }
  std::uint32_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> value_{0};
};

struct pending_list;
/// Mail that counts in a limit has been taken out of this list.
void let_go(pending_list& from, envelope& mail) noexcept;

/// Messages that have arrived and not been received, oldest first.
struct pending_list {
  envelope* first = nullptr;
  envelope** last = &first;
  owned_counter count;
  owned_counter units;  ///< of 16 bytes

  void append(envelope* mail) noexcept {
    mail->next = nullptr;
    *last = mail;
    last = &mail->next;
    count.add(1);
    units.add(static_cast<std::uint32_t>(mail->bytes() >> 4));
  }
  /// Takes out the envelope that *link points to.
  envelope* take(envelope** link) noexcept {
    envelope* mail = *link;
    *link = mail->next;
    if (last == &mail->next) last = link;
    count.subtract(1);
    units.subtract(static_cast<std::uint32_t>(mail->bytes() >> 4));
    if (mail->counts != counting::nowhere) [[unlikely]] let_go(*this, *mail);
    return mail;
  }
};

inline constexpr std::uint64_t no_deadline = std::numeric_limits<std::uint64_t>::max();

/// no_deadline, where there is no such moment. delay >= 0.
constexpr std::uint64_t moment_after(std::uint64_t now_ns, std::chrono::nanoseconds delay) noexcept {
  const auto wait = static_cast<std::uint64_t>(delay.count());
  return wait >= no_deadline - now_ns ? no_deadline : now_ns + wait;
}

/// A receive in progress: walks the mailbox from the oldest message on, and waits at its end.
class mailbox_scan {
 public:
  /// May yield, and may end the process. Throws usage_error from a plain thread.
  mailbox_scan() : list_(begin()), link_(&list_->first) {}
  mailbox_scan(const mailbox_scan&) = delete;
  mailbox_scan& operator=(const mailbox_scan&) = delete;

  /// The next message nobody has looked at in this receive, or nullptr at the end.
  envelope* next() noexcept {
    if (current_ != nullptr) link_ = &current_->next;
    return current_ = *link_;
  }
  /// What next() returned last, still in the mailbox.
  envelope& current() const noexcept { return *current_; }
  /// Takes out what next() returned last. To be used once, at the end.
  envelope_ptr take() noexcept { return envelope_ptr(list_->take(link_)); }
  /// At the end: waits until there is more, or the deadline has passed (false). May end the process.
  bool more(std::uint64_t deadline_ns);
  /// The moment `delay` from now, saturating; a negative delay is none.
  static std::uint64_t deadline_after(std::chrono::nanoseconds delay);

 private:
  static pending_list* begin();

  pending_list* list_;
  envelope** link_;
  envelope* current_ = nullptr;
};

/// The moment `delay` from now, saturating; a negative delay is none.
std::uint64_t deadline_after(std::chrono::nanoseconds delay, const char* call = "mote::receive");

}  // namespace mote::detail
