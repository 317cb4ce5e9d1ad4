// Who carries frames over a wire, at either end: takes what is in its mailbox there, and brings what comes. A process of its
// own, which never blocks on one of the two while the other goes on, so that two that flood each other both go on.
//
// B1  While a packet cannot be written nothing is taken from the mailbox. So what waits is counted there, and makes sending
//     dear as in any long mailbox.
// B2  One that is not heard any more still reads: what the other end said last is there to be read after its end.
// B3  What was given to send() before carry() begins is a packet of its own, the first.
#pragma once

#include "runtime/process/core.hpp"
#include "runtime/worker/frames.hpp"
#include "runtime/worker/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mote::detail {

class porter {
 public:
  explicit porter(wire& way) noexcept : wire_(way) {}
  porter(const porter&) = delete;
  porter& operator=(const porter&) = delete;

  /// Until over() says so. Inside the runtime. Throws decode_error for what came and made no sense, and what the wire throws. May
  /// end the process.
  void carry();
  void send(const outbound& what) { packet_.insert(packet_.end(), what.frame.begin(), what.frame.end()); }

 protected:
  virtual ~porter() = default;
  /// Mail other than frames that go as they are.
  virtual void take_mail(envelope_ptr mail) = 0;
  virtual void take_frame(frame_kind kind, decoder& body) = 0;
  /// Asked after each round. closed: nothing comes any more.
  virtual bool over(bool closed) = 0;
  virtual std::uint64_t deadline_ns() = 0;
  /// So many frames that came to the mailbox as they are have left.
  virtual void written(std::size_t) {}
  bool all_written() const noexcept { return packet_.empty(); }
  /// What is yet to be written, and all that follows, is dropped.
  void write_no_more() noexcept { unheard_ = true; }

 private:
  bool collect();
  bool write();
  bool read(int most);

  wire& wire_;
  std::vector<std::byte> packet_;  ///< frames that are the next packet
  std::size_t frames_ = 0;            ///< of these, how many came to the mailbox as they are
  bool blocked_ = false;
  bool unheard_ = false;  ///< what is written reaches nobody
  bool closed_ = false;   ///< all that came has been read
};

}  // namespace mote::detail
