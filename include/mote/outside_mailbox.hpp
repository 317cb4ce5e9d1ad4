// A mailbox for a host program: processes send to its pid, a thread of the host's takes the messages out, and a descriptor tells
// its event loop when there are some. docs/embedding.md.
#pragma once

#include <mote/detail/outside_mailbox.hpp>
#include <mote/process.hpp>
#include <mote/receive.hpp>
#include <mote/runtime.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace mote {

/// In its runtime it is a process like any other, which can be sent to, asked, monitored and named, but is not listed: a
/// shutdown ends it last, so that it hears the others' last words. What is sent to it after its end, or the object's, vanishes.
/// Any thread of the host's may use it; those that receive wait for one another. Not from inside a process.
class outside_mailbox {
 public:
  /// with  name, label and priority of its process.
  /// Throws  what runtime::spawn throws; std::system_error when no descriptor is left.
  explicit outside_mailbox(const runtime_handle& where, const spawn_options& with = {}) : box_(where.way(), with) {}
  explicit outside_mailbox(runtime& where, const spawn_options& with = {}) : outside_mailbox(where.handle(), with) {}
  outside_mailbox(const outside_mailbox&) = delete;
  outside_mailbox& operator=(const outside_mailbox&) = delete;
  /// As close.
  ~outside_mailbox() = default;

  /// Where to send to.
  pid id() const noexcept { return box_.id(); }
  /// Polls readable when something has come since a receive last found nothing that it wanted, and, for good, once the mailbox
  /// has ended. So: when it is readable, receive until there is nothing, for each type there may be. With level and with edge
  /// triggering. Close-on-exec; closed by close. Not to be read or written.
  int fd() const noexcept { return box_.descriptor(); }
  /// Whether messages may still come. False after close, a shutdown of the runtime, or when its process was ended.
  bool is_open() const noexcept { return box_.is_open(); }

  /// As mote::receive.
  /// Blocks  the calling thread until a message is accepted or the time is up; with after(0s, ...) not at all.
  /// Throws  no_reply, instead of waiting, when the mailbox has ended and holds nothing that is wanted; usage_error after
  ///         close, and in a process.
  template <class First, class... Rest>
  decltype(auto) receive(First&& first, Rest&&... rest) {
    detail::outside_scan scan(box_);
    return detail::receive_cases_in(scan, std::forward<First>(first), std::forward<Rest>(rest)...);
  }
  template <class T>
  T receive() {
    return receive([](T message) { return message; });
  }
  template <class T>
  std::optional<T> receive(std::chrono::nanoseconds timeout) {
    return receive([](T message) { return std::optional<T>(std::move(message)); },
                   after(timeout, [] { return std::optional<T>(); }));
  }
  /// The first message of this type, if it is there. Never waits, and never throws no_reply.
  template <class T>
  std::optional<T> try_receive() {
    return receive<T>(std::chrono::nanoseconds(0));
  }

  /// Answers a request that came here. A second answer vanishes, as does one that comes after the mailbox's end.
  template <class Value>
  void reply(const reply_to& to, Value&& value) {
    box_.reply(to, detail::envelope_ptr(detail::make_envelope(std::forward<Value>(value))));
  }

  /// Ends it: what it holds is dropped, its process ends, the descriptor is closed. A thread that waits in receive gets
  /// no_reply. Again does no harm.
  void close() noexcept { box_.close(); }

 private:
  detail::outside_box_handle box_;
};

}  // namespace mote
