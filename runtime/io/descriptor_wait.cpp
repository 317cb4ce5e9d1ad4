// <mote/deadline.hpp> and <mote/readiness.hpp>.
#include "runtime/io/network.hpp"
#include "runtime/os/system_refusal.hpp"

#include <mote/detail/io_handle.hpp>
#include <mote/detail/mailbox.hpp>
#include <mote/readiness.hpp>

namespace mote::detail {

void close_io(io_entry& entry) noexcept { entry.home->close(entry); }

namespace {

/// A descriptor is watched while this lives.
class watched {
 public:
  watched(network& net, int descriptor, io_side side) : net_(net), side_(side), made_(net.watch(descriptor, side)) {}
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() {
    if (made_.entry != nullptr) net_.unwatch(*made_.entry, side_);
  }
  const opened& result() const noexcept { return made_; }

 private:
  network& net_;
  io_side side_;
  opened made_;
};

bool wait_for(const char* call, int descriptor, io_side side, std::error_code& error, std::uint64_t deadline_ns) {
  const entry door(call);
  begin_io();
  error.clear();
  const watched mark(*door.home().net, descriptor, side);
  const opened& made = mark.result();
  if (made.error == EPERM) return true;
  if (made.error != 0) {
    error.assign(made.error, std::system_category());
    return false;
  }
  return await(*made.entry, side, deadline_ns);
}

bool wait_or_throw(const char* call, int descriptor, io_side side, std::uint64_t deadline_ns) {
  std::error_code error;
  const bool came = wait_for(call, descriptor, side, error, deadline_ns);
  if (error) throw system_refusal(error, std::string(call) + ": descriptor " + std::to_string(descriptor));
  return came;
}

}  // namespace

}  // namespace mote::detail

namespace mote {

using detail::io_side;

deadline::deadline(std::chrono::nanoseconds from_now) : at_ns_(detail::deadline_after(from_now, "mote::deadline")) {}

deadline::deadline(std::chrono::steady_clock::time_point moment)
    : at_ns_(static_cast<std::uint64_t>(std::max<std::int64_t>(moment.time_since_epoch().count(), 0))) {}

bool wait_readable(int descriptor, deadline until) {
  return detail::wait_or_throw("mote::wait_readable", descriptor, io_side::read, until.at_ns());
}

bool wait_writable(int descriptor, deadline until) {
  return detail::wait_or_throw("mote::wait_writable", descriptor, io_side::write, until.at_ns());
}

bool wait_readable(int descriptor, std::error_code& error, deadline until) {
  return detail::wait_for("mote::wait_readable", descriptor, io_side::read, error, until.at_ns());
}

bool wait_writable(int descriptor, std::error_code& error, deadline until) {
  return detail::wait_for("mote::wait_writable", descriptor, io_side::write, error, until.at_ns());
}

}  // namespace mote
