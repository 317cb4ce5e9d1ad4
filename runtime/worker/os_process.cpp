// The machine's OS processes: how the program sees one, and what runs inside.
//
// P1  The owner's end of the status socket is shut down before it is closed: the starter then sees the end even if a fork of
//     the program's holds a copy.
#include "runtime/os/system_refusal.hpp"
#include "runtime/os/this_thread.hpp"
#include "runtime/worker/gate.hpp"
#include "runtime/worker/os_process.hpp"
#include "runtime/worker/socket_wire.hpp"
#include "runtime/worker/stand_in.hpp"

#include <mote/mote.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <dlfcn.h>
#include <exception>
#include <thread>
#include <unistd.h>
#include <utility>

namespace mote::detail {

namespace {

class machine_far_side final : public far_side {
 public:
  machine_far_side(network& net, const start_request& wish) {
    packet_pair channel = make_packet_pair();
    packet_pair status = make_packet_pair();
    const int error = ask_zygote(wish, channel.far, status.far, page_.file());
    page_.file().close();
    if (error == EPIPE) throw system_refusal(error, "mote: the starter of OS processes is gone");
    if (error != 0) throw system_refusal(error, "mote: the starter of OS processes cannot be asked");
    packets_.emplace(net, std::move(channel.near));
    status_.emplace(net, std::move(status.near));
  }
  ~machine_far_side() override { status_->shut_down(); }  // P1

  wire_state write(std::span<const std::byte> packet) override { return packets_->write(packet); }
  wire_state read(std::span<const std::byte>& packet) override { return packets_->read(packet); }
  void wait(bool reading, bool writing, std::uint64_t deadline_ns) override {
    wait_for_sockets(*packets_, reading, writing, &*status_, deadline_ns);
  }
  std::optional<os_ending> ended() override {
    os_ending told;
    const packet_result got = status_->receive(std::as_writable_bytes(std::span(&told, 1)), {});
    if (got.error == EAGAIN || got.error == EINTR) return std::nullopt;
    if (got.error != 0 || got.bytes != sizeof(told)) told.starter_gone = true;
    return told;
  }
  void kill() noexcept override {
    const std::byte word{1};
    status_->send(std::span(&word, 1), {});
  }
  std::optional<std::uint64_t> pulse() noexcept override { return static_cast<pulse_page*>(page_.at())->beats.load(relaxed); }

 private:
  shared_page page_;
  std::optional<packet_wire> packets_;
  std::optional<watched_socket> status_;
};

// ---- inside ----

std::vector<std::byte> first_packet(int channel) {
  std::vector<std::byte> buffer(most_packet_bytes);
  descriptor file;
  packet_result got;
  do {
    wait_for_packet(channel);
    got = receive_packet(channel, buffer, std::span(&file, 1));
  } while (got.error == EAGAIN || got.error == EINTR);
  if (got.error != 0) throw system_refusal(got.error, "mote: what an OS process starts with");
  if (got.bytes == 0) ::_exit(0);
  buffer.resize(got.bytes);
  if (!file) return buffer;
  const sealed_content large(file);
  return {large.view().begin(), large.view().end()};
}

start_frame first_frame(int channel) {
  const std::vector<std::byte> packet = first_packet(channel);
  frame_reader frames(packet);
  std::span<const std::byte> body;
  if (frames.next(body) != frame_kind::start) decoder::refuse("the first frame does not start anything");
  return decoder(body).get<start_frame>();
}

bool is_code(std::uint64_t address) {
  Dl_info found;
  return address == 0 || ::dladdr(reinterpret_cast<const void*>(static_cast<std::uintptr_t>(address)), &found) != 0;
}

void beat_for_ever(shared_page&& page, std::uint32_t every_ms) {
  std::thread([kept = std::move(page), every_ms] {
    for (;;) {
      static_cast<pulse_page*>(kept.at())->beats.fetch_add(1, relaxed);
      std::this_thread::sleep_for(std::chrono::milliseconds(every_ms));
    }
  }).detach();
}

[[noreturn]] void leave_word(int channel, reason why) {
  send_packet(channel, pack(finished_frame{std::move(why)}).frame);
  ::_exit(0);
}

void run_isolated(const os_process_start& given) {
  start_frame start = first_frame(given.channel);
  if (!is_code(start.body) || !is_code(start.code)) {
    leave_word(given.channel, reason::error("its code was loaded after the starter of OS processes was started"));
  }
  if (start.pulse_ms != 0) beat_for_ever(shared_page(descriptor(given.page)), start.pulse_ms);
  const prepared_isolated ready = prepare_isolated_runtime(start, options{}, nullptr, [&](runtime& home) {
    return std::make_unique<near_wire>(*home.net, descriptor(given.channel));
  });
  ready.home->run_to_end({ready.first, ready.second});
}

}  // namespace

// The program's atexit functions and static objects are not this OS process's to end.
void run_isolated_process(const os_process_start& given) {
  try {
    run_isolated(given);
  } catch (const std::exception& failed) {
    leave_word(given.channel, reason::from_exception(std::current_exception()));
  }
  std::fflush(nullptr);
  ::_exit(0);
}

std::unique_ptr<far_side> start_os_process(runtime& home, const start_request& wish) {
  if (home.settings.deterministic_seed) return simulate_os_process(home);
  return std::make_unique<machine_far_side>(*home.net, wish);
}

}  // namespace mote::detail
