// <mote/net.hpp>: what a stream and a listener do, on whatever network there is.
#include "runtime/io/network.hpp"
#include "runtime/os/system_refusal.hpp"

#include <mote/net.hpp>

#include <algorithm>
#include <cstring>

namespace mote::detail {

namespace {

constexpr std::size_t read_ahead_bytes = 4096;
constexpr std::chrono::milliseconds first_pause{10}, longest_pause{200};

std::error_code code_of(int error) { return error == 0 ? std::error_code() : std::error_code(error, std::system_category()); }

/// The calling process is in a call that does I/O on this handle; false, with the error told: it is not open.
bool begin_on(const io_handle& handle, std::error_code& error) {
  begin_io();
  error.clear();
  if (!handle) error = net_error::not_open;
  return static_cast<bool>(handle);
}

std::string name_of(const char* call, const endpoint& where) { return std::string(call) + ": " + to_string(where); }

/// Waits in vain: until the time is up, with nothing else to wait for. May end the process.
void wait_until(std::uint64_t deadline_ns) {
  process& self = *current_core()->current();
  while (wait_for_wake(self, deadline_ns, wait_reason::time)) heed_signals(*current_core(), self);
}

std::error_code finish_connect(io_entry& entry, std::uint64_t deadline_ns) {
  network& net = *entry.home;
  if (!await(entry, io_side::write, deadline_ns)) return std::make_error_code(std::errc::timed_out);
  return code_of(net.connect_error(entry));
}

io_handle connect_to(const endpoint& to, std::error_code& error, std::uint64_t deadline_ns) {
  const opened begun = current_core()->home.net->begin_connect(to);
  error = code_of(begun.error);
  if (error) return {};
  io_handle handle(begun.entry);
  error = finish_connect(*begun.entry, deadline_ns);
  if (error) handle.reset();
  return handle;
}

// A fair share of what is left, so that one address that does not answer leaves the others theirs. As in Go's net.Dialer.
std::uint64_t deadline_of_one(std::uint64_t deadline_ns, std::size_t addresses_left) noexcept {
  const std::uint64_t now = current_core()->now_ns();
  if (deadline_ns == no_deadline || deadline_ns <= now) return deadline_ns;
  return now + (deadline_ns - now) / addresses_left;
}

std::vector<ip_address> addresses_of_host(std::string_view host, std::error_code& error, std::uint64_t deadline_ns) {
  error.clear();
  if (const auto written = ip_address::parse(host)) return {*written};
  resolved found = current_core()->home.net->resolve(std::string(host), deadline_ns);
  error = found.error;
  return std::move(found.addresses);
}

}  // namespace

}  // namespace mote::detail

namespace mote {

using namespace detail;

std::vector<ip_address> resolve(std::string_view host, std::error_code& error, deadline until) {
  const entry door("mote::resolve");
  begin_io();
  return addresses_of_host(host, error, until.at_ns());
}

std::vector<ip_address> resolve(std::string_view host, deadline until) {
  std::error_code error;
  auto found = resolve(host, error, until);
  if (error) throw system_refusal(error, "mote::resolve: " + std::string(host));
  return found;
}

// ---- connecting ----

tcp_stream tcp_stream::connect(const endpoint& to, std::error_code& error, deadline until) {
  const entry door("mote::tcp_stream::connect");
  begin_io();
  return tcp_stream(connect_to(to, error, until.at_ns()));
}

tcp_stream tcp_stream::connect(const endpoint& to, deadline until) {
  std::error_code error;
  tcp_stream made = connect(to, error, until);
  if (error) throw system_refusal(error, name_of("mote::tcp_stream::connect", to));
  return made;
}

tcp_stream tcp_stream::connect(std::string_view host, std::uint16_t port, std::error_code& error, deadline until) {
  const entry door("mote::tcp_stream::connect");
  begin_io();
  const std::vector<ip_address> all = addresses_of_host(host, error, until.at_ns());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint64_t deadline_ns = deadline_of_one(until.at_ns(), all.size() - i);
    if (io_handle made = connect_to({all[i], port}, error, deadline_ns)) return tcp_stream(std::move(made));
  }
  return {};
}

tcp_stream tcp_stream::connect(std::string_view host, std::uint16_t port, deadline until) {
  std::error_code error;
  tcp_stream made = connect(host, port, error, until);
  if (error) {
    throw system_refusal(error, "mote::tcp_stream::connect: " + std::string(host) + ", port " + std::to_string(port));
  }
  return made;
}

// ---- reading ----

std::size_t tcp_stream::read_some(char* into, std::size_t most, std::error_code& error, deadline until) {
  io_entry& from = *handle_.get();
  const io_result got = until_done(from, io_side::read, most, until.at_ns(),
                                   [&] { return from.home->receive(from, into, most); });
  error = code_of(got.error);
  return got.bytes;
}

std::size_t tcp_stream::take_ahead(char* into, std::size_t most) noexcept {
  const std::size_t taken = std::min(most, ahead_.size() - ahead_at_);
  if (taken == 0) return 0;
  std::memcpy(into, ahead_.data() + ahead_at_, taken);
  ahead_at_ += taken;
  if (ahead_at_ == ahead_.size()) {
    ahead_ = std::string();
    ahead_at_ = 0;
  }
  return taken;
}

std::size_t tcp_stream::read(std::span<char> into, std::error_code& error, deadline until) {
  const entry door("mote::tcp_stream::read");
  if (!begin_on(handle_, error) || into.empty()) return 0;
  if (const std::size_t taken = take_ahead(into.data(), into.size())) return taken;
  return read_some(into.data(), into.size(), error, until);
}

std::size_t tcp_stream::read_exactly(std::span<char> into, std::error_code& error, deadline until) {
  const entry door("mote::tcp_stream::read_exactly");
  if (!begin_on(handle_, error)) return 0;
  std::size_t have = take_ahead(into.data(), into.size());
  while (have < into.size()) {
    const std::size_t got = read_some(into.data() + have, into.size() - have, error, until);
    if (error) return have;
    if (got == 0) {
      error = net_error::end_of_stream;
      return have;
    }
    have += got;
  }
  return have;
}

std::string tcp_stream::read_until(std::string_view delimiter, std::size_t limit, std::error_code& error,
                                   deadline until) {
  const entry door("mote::tcp_stream::read_until");
  if (!begin_on(handle_, error)) return {};
  if (delimiter.empty()) throw usage_error("mote::tcp_stream::read_until: an empty delimiter");
  ahead_.erase(0, std::exchange(ahead_at_, 0));
  for (std::size_t searched = 0;;) {
    const std::size_t at = ahead_.find(delimiter, searched);
    if (at != std::string::npos && at + delimiter.size() <= limit) {
      std::string line = ahead_.substr(0, at + delimiter.size());
      ahead_at_ = line.size();
      return line;
    }
    if (at != std::string::npos || ahead_.size() >= limit) {
      error = net_error::delimiter_missing;
      return {};
    }
    const std::size_t have = ahead_.size();
    searched = have - std::min(have, delimiter.size() - 1);
    ahead_.resize(have + std::min(read_ahead_bytes, limit - have));
    std::size_t got = 0;
    struct cut {  // also when the process ends here
      std::string& text;
      const std::size_t& have;
      const std::size_t& got;
      ~cut() { text.resize(have + got); }
    };
    {
      const cut at_end{ahead_, have, got};
      got = read_some(ahead_.data() + have, ahead_.size() - have, error, until);
    }
    if (got == 0 && !error) error = net_error::end_of_stream;
    if (error) return {};
  }
}

// ---- writing ----

std::size_t tcp_stream::write(std::string_view all, std::error_code& error, deadline until) {
  const entry door("mote::tcp_stream::write");
  if (!begin_on(handle_, error)) return 0;
  io_entry& into = *handle_.get();
  std::size_t done = 0;
  while (done < all.size()) {
    const io_result sent = until_done(into, io_side::write, all.size() - done, until.at_ns(), [&] {
      return into.home->send(into, all.data() + done, all.size() - done);
    });
    done += sent.bytes;
    error = code_of(sent.error);
    if (error) break;
  }
  return done;
}

void tcp_stream::shutdown_write(std::error_code& error) {
  const entry door("mote::tcp_stream::shutdown_write");
  if (begin_on(handle_, error)) error = code_of(handle_.get()->home->shut_down_sending(*handle_.get()));
}

void tcp_stream::close() noexcept {
  handle_.reset();
  ahead_ = std::string();
  ahead_at_ = 0;
}

void tcp_stream::abort() noexcept {
  if (handle_) static_cast<void>(handle_.get()->home->reset_on_close(*handle_.get()));
  close();
}

// ---- the forms that throw ----

std::string tcp_stream::text() const {
  if (!handle_) return "mote::tcp_stream";
  const endpoint_result peer = handle_.get()->home->peer(*handle_.get());
  return peer.error == 0 ? name_of("mote::tcp_stream", peer.where) : "mote::tcp_stream";
}

std::size_t tcp_stream::read(std::span<char> into, deadline until) {
  std::error_code error;
  const std::size_t got = read(into, error, until);
  if (error) throw system_refusal(error, text() + ": read");
  return got;
}

std::size_t tcp_stream::read_exactly(std::span<char> into, deadline until) {
  std::error_code error;
  const std::size_t got = read_exactly(into, error, until);
  if (error) throw system_refusal(error, text() + ": read_exactly, " + std::to_string(got) + " of " +
                                             std::to_string(into.size()) + " bytes");
  return got;
}

std::string tcp_stream::read_until(std::string_view delimiter, std::size_t limit, deadline until) {
  std::error_code error;
  std::string got = read_until(delimiter, limit, error, until);
  if (error) throw system_refusal(error, text() + ": read_until, within " + std::to_string(limit) + " bytes");
  return got;
}

std::size_t tcp_stream::write(std::string_view all, deadline until) {
  std::error_code error;
  const std::size_t done = write(all, error, until);
  if (error) throw system_refusal(error, text() + ": write, " + std::to_string(done) + " of " +
                                             std::to_string(all.size()) + " bytes");
  return done;
}

void tcp_stream::shutdown_write() {
  std::error_code error;
  shutdown_write(error);
  if (error) throw system_refusal(error, text() + ": shutdown_write");
}

void tcp_stream::delay_small_writes(bool on) {
  const entry door("mote::tcp_stream::delay_small_writes");
  std::error_code error;
  if (begin_on(handle_, error)) error = code_of(handle_.get()->home->set_delayed(*handle_.get(), on));
  if (error) throw system_refusal(error, text() + ": delay_small_writes");
}

namespace {

endpoint ask(const io_handle& handle, endpoint_result (network::*which)(io_entry&), const char* call) {
  const entry door(call);
  if (!handle) throw system_refusal(net_error::not_open, call);
  const endpoint_result found = (handle.get()->home->*which)(*handle.get());
  if (found.error != 0) throw system_refusal(found.error, call);
  return found.where;
}

}  // namespace

endpoint tcp_stream::local_endpoint() const { return ask(handle_, &network::local, "mote::tcp_stream::local_endpoint"); }

endpoint tcp_stream::peer_endpoint() const { return ask(handle_, &network::peer, "mote::tcp_stream::peer_endpoint"); }

// ---- listening ----

tcp_listener tcp_listener::listen(const endpoint& at, std::error_code& error, const listen_options& options) {
  const entry door("mote::tcp_listener::listen");
  begin_io();
  const opened made = door.home().net->listen({at, options.backlog, options.v6_only, options.share_port});
  error = code_of(made.error);
  tcp_listener listener;
  listener.handle_ = io_handle(made.entry);
  return listener;
}

tcp_listener tcp_listener::listen(const endpoint& at, const listen_options& options) {
  std::error_code error;
  tcp_listener made = listen(at, error, options);
  if (error) throw system_refusal(error, name_of("mote::tcp_listener::listen", at));
  return made;
}

tcp_stream tcp_listener::accept(std::error_code& error, deadline until) {
  const entry door("mote::tcp_listener::accept");
  if (!begin_on(handle_, error)) return {};
  if (pause_.count() != 0) {
    wait_until(std::min(until.at_ns(), door.here().now_ns() + static_cast<std::uint64_t>(pause_.count())));
  }
  io_entry& from = *handle_.get();
  opened made;
  const io_result got = until_done(from, io_side::read, 1, until.at_ns(), [&] {
    made = from.home->accept(from);
    return io_result{0, made.error};
  });
  error = code_of(got.error);
  using pause = std::chrono::nanoseconds;
  pause_ = !is_shortage(got.error) ? pause(0) : std::clamp<pause>(pause_ * 2, first_pause, longest_pause);
  return tcp_stream(io_handle(got.error == 0 ? made.entry : nullptr));
}

tcp_stream tcp_listener::accept(deadline until) {
  std::error_code error;
  tcp_stream made = accept(error, until);
  if (error && handle_) throw system_refusal(error, name_of("mote::tcp_listener::accept", local_endpoint()));
  if (error) throw system_refusal(error, "mote::tcp_listener::accept");
  return made;
}

endpoint tcp_listener::local_endpoint() const {
  return ask(handle_, &network::local, "mote::tcp_listener::local_endpoint");
}

}  // namespace mote
