// The process that stands, in the program, for an isolated one: it owns its OS process, and ends as that ends.
//
// W1  It is linked to, watched and named as any process is; when it ends, everyone is told in the ordinary way, by the pid of
//     the one it stands for (abroad.hpp).
// W2  What it passes on goes the one way there, in the order in which it came.
// W3  What the other end watches or asks here, it watches or asks for it, under numbers of its own; so all of it ends with it.
// W4  It ends only when its OS process has, or cannot be made to: whoever hears of the end can start another at once.
#pragma once

#include "runtime/worker/porter.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace mote::detail {

/// What an isolated process is started with.
struct isolated_plan {
  start_request wish;
  start_frame start;
  std::uint32_t silence_ms = 0;  ///< without a pulse for as long, it is unresponsive; 0: never
};

class stand_in final : public porter {
 public:
  stand_in(const isolated_plan& plan, far_side& other_side);
  /// Carries until the OS process has ended; returns why.
  reason stand();

 private:
  /// Something here that the other end watches or asks.
  struct errand {
    pid who;  ///< at the other end
    ref name;  ///< there
    ref own;  ///< here
    std::uint64_t peer_key;
  };

  void take_mail(envelope_ptr mail) override;
  void take_frame(frame_kind kind, decoder& body) override;
  bool over(bool closed) override;
  std::uint64_t deadline_ns() override;

  void take_answer(const envelope& mail);
  void bring(const mail_frame& head, envelope_ptr mail);
  void ask(const mail_frame& head, envelope_ptr mail);
  void obey(const signal_frame& news);
  void watch(const signal_frame& news);
  void give_up(const signal_frame& news, signal_kind how);
  void refuse(pid who, ref name, pid whom);
  bool post_home(pid to, envelope_ptr mail, urgency how);
  bool is_from_there(pid who) const noexcept { return who.place() == place_; }
  void check_pulse();
  reason outcome(const os_ending& how) const;

  const std::uint64_t place_;
  const std::uint64_t silence_ns_;
  far_side& other_side_;
  process& self_;
  std::unordered_map<std::uint64_t, errand> errands_;             // by the number here
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_here_;  // by the number there
  std::optional<reason> finished_;    ///< the other end said so
  std::optional<reason> ended_by_us_;
  std::optional<os_ending> ending_;
  bool lives_ = false;  ///< beyond doubt
  std::optional<std::uint64_t> last_pulse_;
  std::uint64_t last_change_ns_ = 0, last_call_ns_ = 0;
};

/// The whole life of the one that stands for an isolated process: starts it, carries, ends as it has.
void run_stand_in(isolated_plan& plan);

}  // namespace mote::detail
