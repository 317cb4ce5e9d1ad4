// What the templates of an outside mailbox need of it.
#pragma once

#include <mote/detail/mailbox.hpp>
#include <mote/detail/run.hpp>
#include <mote/receive.hpp>

#include <cstdint>
#include <memory>

namespace mote::detail {

class outside_box;

/// The host's end of an outside mailbox.
class outside_box_handle {
 public:
  outside_box_handle(const way_in& where, const spawn_options& with);
  outside_box_handle(const outside_box_handle&) = delete;
  outside_box_handle& operator=(const outside_box_handle&) = delete;
  ~outside_box_handle() { close(); }

  pid id() const noexcept;
  int descriptor() const noexcept;
  bool is_open() const noexcept;
  void reply(const reply_to& to, envelope_ptr mail);
  void close() noexcept;

 private:
  friend class outside_scan;
  const way_in way_;
  const std::shared_ptr<outside_box> box_;
};

/// As mailbox_scan, of an outside mailbox, by a plain thread.
class outside_scan {
 public:
  /// Waits for another thread's scan.
  explicit outside_scan(outside_box_handle& whose);
  outside_scan(const outside_scan&) = delete;
  outside_scan& operator=(const outside_scan&) = delete;
  ~outside_scan();

  envelope* next() noexcept {
    if (current_ != nullptr) link_ = &current_->next;
    return current_ = *link_;
  }
  envelope& current() const noexcept { return *current_; }
  /// Lets other threads receive.
  envelope_ptr take() noexcept;
  bool more(std::uint64_t deadline_ns);
  /// Who asks: of a request that is current.
  reply_to asker() noexcept;
  static std::uint64_t deadline_after(std::chrono::nanoseconds delay) noexcept;

 private:
  void let_go() noexcept;

  outside_box_handle& whose_;
  outside_box* box_;
  envelope** link_ = nullptr;
  envelope* current_ = nullptr;
};
inline reply_to take_asker(outside_scan& scan) { return scan.asker(); }

}  // namespace mote::detail
