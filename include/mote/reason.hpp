// Why a process ended. One value that can be copied and sent: a kind, and where there is more to say, a text, a number and
// the user's own value.
#pragma once

#include <mote/message.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace mote {

enum class reason_kind : std::uint8_t {
  normal,          ///< its function returned, or it said so
  shutdown,        ///< asked to end in good order
  kill,            ///< sent by kill(): cannot be trapped; the victim ends as `killed`
  killed,          ///< ended by kill
  noproc,          ///< there was no such process
  timeout,         ///< waited too long
  error,           ///< an exception left its function (text: what(), type: its type), or exit(reason::error(...))
  stack_overflow,  ///< used up its stack
  abandoned,       ///< would not end: its stack was discarded without running destructors
  exit_code,       ///< an OS process called exit() or _exit(), or returned from main (code: its status)
  signal,          ///< an OS process ended by a signal (code: its number; text: its name)
  out_of_memory,   ///< an OS process was ended by the system, or a cgroup's limit, for want of memory
  unresponsive,    ///< an OS process showed no sign of life for longer than it may
  lost,            ///< an OS process cannot be reached any more, or what came from it made no sense (text: which)
  mailbox_full,    ///< its mailbox was at a limit that ends the receiver; of a request: it found a full mailbox
  custom,          ///< carries a value of the user's
};

std::string_view to_string(reason_kind kind) noexcept;

/// 16 bytes; copies share one immutable block. Any thread.
class reason {
 public:
  static const reason normal, shutdown, kill, killed, noproc, timeout;

  constexpr reason() noexcept = default;  // normal
  constexpr explicit reason(reason_kind kind, std::int32_t code = 0) noexcept : code_(code), kind_(kind) {}
  reason(reason_kind kind, std::string text, std::int32_t code = 0, std::string type = {});
  reason(const reason& other) noexcept : details_(other.details_), code_(other.code_), kind_(other.kind_) { share(); }
  reason(reason&& other) noexcept
      : details_(std::exchange(other.details_, nullptr)), code_(other.code_), kind_(other.kind_) {}
  reason& operator=(reason other) noexcept {
    swap(other);
    return *this;
  }
  ~reason() {
    if (details_ != nullptr) drop();
  }
  void swap(reason& other) noexcept {
    std::swap(details_, other.details_);
    std::swap(code_, other.code_);
    std::swap(kind_, other.kind_);
  }

  /// Ended by an error of the program's own.
  static reason error(std::string text, std::int32_t code = 0) { return {reason_kind::error, std::move(text), code}; }
  /// What the exception in flight says: kind error, its type's name and its what().
  static reason from_exception(std::exception_ptr thrown);
  /// Carries a value of the user's own type, to be read with value<T>().
  template <class T>
  static reason with(T value, std::string text = {});

  constexpr reason_kind kind() const noexcept { return kind_; }
  constexpr std::int32_t code() const noexcept { return code_; }
  /// The text given, or an exception's what(); empty where there is none. Lives as long as this reason.
  std::string_view text() const noexcept;
  /// The readable name of the exception's type, or of the value's; empty where there is none.
  std::string_view type() const noexcept;
  /// The value given to with<T>(), or nullptr where there is none of exactly this type. Lives as long as this reason. One of
  /// a type that cannot cross to another OS process stays behind there; its type's name remains.
  template <class T>
  const T* value() const noexcept;

  /// Whether nobody need worry: normal or shutdown.
  constexpr bool is_orderly() const noexcept { return kind_ == reason_kind::normal || kind_ == reason_kind::shutdown; }
  constexpr explicit operator bool() const noexcept { return !is_orderly(); }

  /// Equal kind, code, text and type; values are not compared.
  friend bool operator==(const reason& a, const reason& b) noexcept { return a.equals(b); }

 private:
  struct details;
  friend struct message_traits<reason>;
  reason(std::string text, const detail::message_type& type, void* value);
  bool equals(const reason& other) const noexcept;
  const void* value_of(const detail::message_type& type) const noexcept;
  void share() const noexcept;
  void drop() noexcept;

  details* details_ = nullptr;
  std::int32_t code_ = 0;
  reason_kind kind_ = reason_kind::normal;
};

inline constinit const reason reason::normal{reason_kind::normal};
inline constinit const reason reason::shutdown{reason_kind::shutdown};
inline constinit const reason reason::kill{reason_kind::kill};
inline constinit const reason reason::killed{reason_kind::killed};
inline constinit const reason reason::noproc{reason_kind::noproc};
inline constinit const reason reason::timeout{reason_kind::timeout};

/// "error: TEXT (TYPE, code N)" and the like.
std::string to_string(const reason& why);
std::ostream& operator<<(std::ostream& out, const reason& why);

template <>
struct message_traits<reason> {
  static constexpr bool owns_all = true;
  static void encode(const reason& value, encoder& out);
  static reason decode(decoder& in);
};

template <class T>
reason reason::with(T value, std::string text) {
  detail::check_message<T>();
  void* const place = ::operator new(sizeof(T), std::align_val_t{alignof(T)});
  try {
    ::new (place) T(std::move(value));
    return reason(std::move(text), detail::message_type_of<T>, place);
  } catch (...) {
    ::operator delete(place, std::align_val_t{alignof(T)});
    throw;
  }
}

template <class T>
const T* reason::value() const noexcept {
  return static_cast<const T*>(value_of(detail::message_type_of<T>));
}

}  // namespace mote
