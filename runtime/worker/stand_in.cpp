#include "runtime/worker/stand_in.hpp"

#include "runtime/os/system_refusal.hpp"

#include <mote/error.hpp>

#include <csignal>
#include <utility>

namespace mote::detail {

namespace {

core& here() noexcept { return *current_core(); }

constexpr std::uint64_t most_reading_ns = 100'000'000;  // of what an OS process that has ended had said

/// "SIGSEGV", say.
std::string signal_name(int number) {
  const char* const name = ::sigabbrev_np(number);
  return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(number);
}

}  // namespace

stand_in::stand_in(const isolated_plan& plan, far_side& other_side)
    : porter(other_side),
      place_(plan.start.place),
      silence_ns_(std::uint64_t{plan.silence_ms} * 1'000'000),
      other_side_(other_side),
      self_(*here().current()),
      last_change_ns_(here().now_ns()) {
  send(pack(plan.start));
}

reason stand_in::stand() {
  for (;;) {
    try {
      carry();
      return outcome(*ending_);
    } catch (const std::system_error& failed) {  // a decode_error, or what the system refused
      if (!ended_by_us_) ended_by_us_ = reason(reason_kind::lost, failed.what());
      write_no_more();
      other_side_.kill();
    }
  }
}

bool stand_in::over(bool closed) {
  if (!ending_) {
    ending_ = other_side_.ended();
    if (ending_) last_call_ns_ = here().now_ns() + most_reading_ns;
  }
  if (ending_) return closed || here().now_ns() >= last_call_ns_;  // what it said last is read first
  check_pulse();
  if (closed && last_call_ns_ == 0) {  // it has closed its end: that is as good as ended, and soon will be
    last_call_ns_ = here().now_ns() + static_cast<std::uint64_t>(std::chrono::nanoseconds(here().home.settings.shutdown_deadline).count());
  }
  if (last_call_ns_ != 0 && here().now_ns() >= last_call_ns_) {
    if (!finished_ && !ended_by_us_) ended_by_us_ = reason(reason_kind::lost, "it has closed its channel");
    other_side_.kill();
  }
  return false;
}

void stand_in::check_pulse() {
  if (silence_ns_ == 0 || ended_by_us_) return;
  const std::uint64_t now = here().now_ns();
  const std::optional<std::uint64_t> seen = other_side_.pulse();
  lives_ = !seen;
  if (lives_ || seen != last_pulse_) {
    last_pulse_ = seen;
    last_change_ns_ = now;
  } else if (now - last_change_ns_ >= silence_ns_) {
    ended_by_us_ = reason(reason_kind::unresponsive, "no sign of life for " + std::to_string(silence_ns_ / 1'000'000) + " ms");
    other_side_.kill();
  }
}

std::uint64_t stand_in::deadline_ns() {
  std::uint64_t first = silence_ns_ != 0 && !ended_by_us_ && !lives_ ? last_change_ns_ + silence_ns_ : no_deadline;
  if (last_call_ns_ != 0) first = std::min(first, std::max(last_call_ns_, here().now_ns() + 10'000'000));
  return first;
}

reason stand_in::outcome(const os_ending& how) const {
  if (ended_by_us_) return *ended_by_us_;
  if (how.started_error != 0) {
    const auto refused = system_refusal(how.started_error, "no OS process can be started", asked_for::thread);
    return reason(reason_kind::error, refused.what(), how.started_error);
  }
  if (finished_) return *finished_;
  if (how.starter_gone) return reason(reason_kind::lost, "the starter of OS processes is gone");
  if (how.out_of_memory) return reason(reason_kind::out_of_memory, "killed by the system for want of memory", how.status);
  if (how.by_signal) return reason(reason_kind::signal, signal_name(how.status), how.status);
  return reason(reason_kind::exit_code, "", how.status);
}

// ---- from here to there ----

void stand_in::take_mail(envelope_ptr mail) {
  const pid name = isolated_pid(place_);
  if (same_type(*mail->type, message_type_of<signal>)) {
    signal& news = *static_cast<signal*>(mail->payload());
    send(pack(signal_frame{name, news.from, news.kind, news.slot, news.number, std::move(news.why)}));
  } else if (mail->kind == envelope_kind::request) {
    refs_of(self_).owed.insert(mail->mark) = {asker_of(*mail), ref(mail->mark, mail->slot)};
    send(*static_cast<outbound*>(mail->payload()));
  } else if (mail->mark != 0) {
    take_answer(*mail);
  }
}

// W3. To a question of the other end's, or the end of one that it watches.
void stand_in::take_answer(const envelope& mail) {
  const auto found = errands_.find(mail.mark);
  if (found == errands_.end()) return;
  const errand asked = found->second;
  numbers_here_.erase(asked.name.number());
  errands_.erase(found);
  if (same_type(*mail.type, message_type_of<down>)) {
    const down& news = *static_cast<const down*>(static_cast<const void*>(&mail + 1));
    envelope_ptr told(make_envelope(down{asked.name, news.from, news.why}));
    told->mark = asked.name.number();
    told->slot = asked.name.slot() & 0xFFFFFF;
    send(pack(head_of(asked.who, {}, *told), *told));
  } else {
    send(readdressed(*static_cast<const outbound*>(static_cast<const void*>(&mail + 1)), asked.who, asked.name));
  }
}

// ---- from there to here ----

void stand_in::take_frame(frame_kind kind, decoder& body) {
  if (kind == frame_kind::mail) {
    const auto head = body.get<mail_frame>();
    envelope_ptr mail = unpack(head, body);
    if (mail->kind == envelope_kind::request) return ask(head, std::move(mail));
    return bring(head, std::move(mail));
  }
  if (kind == frame_kind::signal) {
    const auto news = body.get<signal_frame>();
    check_end(body);
    if (!is_from_there(news.from)) decoder::refuse("a signal from somebody else");
    return obey(news);
  }
  if (kind != frame_kind::finished) decoder::refuse("a frame that only the program sends");
  finished_ = body.get<finished_frame>().why;
  check_end(body);
}

bool stand_in::post_home(pid to, envelope_ptr mail, urgency how) {
  if (to.place() != here().home.table.place()) return is_in(post_abroad(here(), to, std::move(mail), how));
  return post(here(), here().home.table.find(to), to.generation(), mail.release(), how);
}

void stand_in::bring(const mail_frame& head, envelope_ptr mail) {
  if (head.mark != 0) request_done(self_, head.mark);  // perhaps the answer to what was asked through here
  post_home(head.to, std::move(mail), head.mark != 0 ? urgency::urgent : urgency::ordinary);
}

void stand_in::refuse(pid who, ref name, pid whom) {
  envelope_ptr told(make_envelope(down{name, whom, reason::noproc}));
  told->mark = name.number();
  told->slot = name.slot() & 0xFFFFFF;
  send(pack(head_of(who, {}, *told), *told));
}

void stand_in::ask(const mail_frame& head, envelope_ptr mail) {
  const ref there(head.mark, head.slot);
  const std::uint64_t peer = key_for(here().home, head.to);
  if (!is_from_there(head.asker) || head.mark == 0) decoder::refuse("a question of somebody else's");
  if (peer == 0) return refuse(head.asker, there, head.to);
  const ref own = refs_of(self_).add(ref_kind::alias_once, here().new_number(), peer);
  mail->mark = own.number();
  mail->slot = own.slot() & 0xFFFFFF;
  asker_of(*mail) = foreign_key(here().home.table.place(), isolated_pid(place_));
  if (!post_home(head.to, std::move(mail), urgency::ordinary)) {
    self_.refs->remove(own);
    return refuse(head.asker, there, head.to);
  }
  errands_[own.number()] = {head.asker, there, own, peer};
  numbers_here_[head.mark] = own.number();
}

void stand_in::obey(const signal_frame& news) {
  const std::uint64_t peer = key_for(here().home, news.to);
  const bool is_itself = news.from == isolated_pid(place_);
  switch (news.kind) {
    case signal_kind::link:
      if (is_itself && peer != 0 && link_to(here(), self_, peer)) return;
      return send(pack(signal_frame{news.from, news.to, signal_kind::linked_exit, 0, 0, reason::noproc}));
    case signal_kind::unlink:
      if (peer != 0) unlink_from(here(), self_, peer);
      return send(pack(signal_frame{news.from, news.to, signal_kind::unlink_ack, 0, 0, {}}));
    case signal_kind::exit:
      if (peer != 0) post_signal(here(), peer, {signal_kind::exit, 0, news.from, 0, news.why});
      return;
    case signal_kind::monitor:
      return watch(news);
    case signal_kind::demonitor:
    case signal_kind::request_done:
      return give_up(news, news.kind);
    case signal_kind::linked_exit:  // W1: the stand-in's own end tells those
    case signal_kind::unlink_ack:   // it has acknowledged itself
      return;
  }
  decoder::refuse("a signal of no kind there is");
}

void stand_in::watch(const signal_frame& news) {
  const std::uint64_t peer = key_for(here().home, news.to);
  const ref there(news.number, news.slot);
  if (peer == 0 || news.number == 0) return refuse(news.from, there, news.to);
  const ref own = add_monitor(here(), self_, peer);
  const pid own_pid = here().home.table.pid_of(self_.key());
  if (!post_signal(here(), peer, {signal_kind::monitor, own.slot(), own_pid, own.number(), {}})) {
    self_.refs->remove(own);
    self_.monitors.subtract(1);
    return refuse(news.from, there, news.to);
  }
  errands_[own.number()] = {news.from, there, own, peer};
  numbers_here_[news.number] = own.number();
}

// The other end does not want to know any more.
void stand_in::give_up(const signal_frame& news, signal_kind how) {
  const auto number = numbers_here_.find(news.number);
  if (number == numbers_here_.end()) return;
  const errand given_up = errands_.at(number->second);
  errands_.erase(number->second);
  numbers_here_.erase(number);
  const ref_entry* const known = self_.refs->find(given_up.own);
  if (known == nullptr) return;
  if (known->kind == ref_kind::monitor) self_.monitors.subtract(1);
  self_.refs->remove(given_up.own);
  const pid own_pid = here().home.table.pid_of(self_.key());
  post_signal(here(), given_up.peer_key, {how, 0, own_pid, given_up.own.number(), {}});
}

// ---- the whole of it ----

void run_stand_in(isolated_plan& plan) {
  reason why;
  {
    const entry door("mote::spawn");
    const std::unique_ptr<far_side> other_side = start_os_process(door.home(), plan.wish);
    why = stand_in(plan, *other_side).stand();
  }
  if (why.kind() != reason_kind::normal) exit(std::move(why));
}

}  // namespace mote::detail
