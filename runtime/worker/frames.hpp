// What travels between a program and an OS process that it has started: packets of frames, each a length, a kind and a body.
// Nobody trusts what comes in: a frame that makes no sense throws decode_error, and ends the connection.
#pragma once

#include "runtime/process/process.hpp"

#include <mote/codec.hpp>
#include <mote/detail/envelope.hpp>
#include <mote/process.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mote::detail {

enum class frame_kind : std::uint8_t { start, mail, signal, finished };

/// The first frame to an OS process: who it is, and what it runs.
struct start_frame {
  std::uint64_t place = 0;
  pid parent;
  std::uint32_t schedulers = 1;
  std::uint32_t max_processes = 0;
  std::uint32_t pulse_ms = 0;  ///< how often it shows that it lives; 0: never
  bool trap_exit = false;
  std::string label;
  std::uint64_t body = 0;  ///< an isolated_body, at the same address in both
  std::uint64_t code = 0;  ///< a plain function that it calls, or 0
  std::vector<std::byte> function_and_arguments;
};

/// Of a message: all but itself, which follows.
struct mail_frame {
  pid to;
  pid asker;                ///< of a request
  std::uint64_t mark = 0;
  std::uint32_t slot = 0;
  envelope_kind kind = envelope_kind::message;
  std::uint64_t type = 0;   ///< by name (crossing.hpp)
};

struct signal_frame {
  pid to, from;
  signal_kind kind = signal_kind::exit;
  std::uint32_t slot = 0;
  std::uint64_t number = 0;
  reason why;
};

/// The last frame of an OS process: its first process has ended.
struct finished_frame {
  reason why;
};

/// A frame on its way, in the mailbox of whoever carries it there.
struct outbound {
  std::vector<std::byte> frame;
};

/// Puts one frame together.
class frame_writer {
 public:
  explicit frame_writer(frame_kind kind) {
    out_.put(std::uint32_t{0});
    out_.put(kind);
  }
  encoder& body() noexcept { return out_; }
  outbound finish();

 private:
  encoder out_;
};

outbound pack(const start_frame& what);
outbound pack(const signal_frame& what);
outbound pack(const finished_frame& what);
/// Throws usage_error that names the type, when the message cannot cross.
outbound pack(const mail_frame& head, const envelope& mail);
/// As above, of a request, reply or message in the hands of who has it.
mail_frame head_of(pid to, pid asker, const envelope& mail);

/// The same message, for somebody else, under another name.
outbound readdressed(const outbound& frame, pid to, ref name);

/// The frames of one packet, one after the other.
class frame_reader {
 public:
  explicit frame_reader(std::span<const std::byte> packet) noexcept : left_(packet) {}
  bool at_end() const noexcept { return left_.empty(); }
  /// The next frame's kind; its body is then read from the decoder given.
  frame_kind next(std::span<const std::byte>& body);

 private:
  std::span<const std::byte> left_;
};

/// The message behind a mail_frame, with room for a request's asker. mark, slot and kind are the frame's.
envelope_ptr unpack(const mail_frame& head, decoder& body);
/// Nothing may follow what has been read.
void check_end(const decoder& body);

}  // namespace mote::detail

template <>
struct mote::message_traits<mote::detail::outbound> {
  static constexpr bool owns_all = true;
};
