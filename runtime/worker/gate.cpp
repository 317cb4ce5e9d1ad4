#include "runtime/worker/gate.hpp"

#include "runtime/worker/family.hpp"

#include <mote/mote.hpp>

#include <utility>

namespace mote::detail {

namespace {

constexpr std::uint32_t first_index = 0;  // G1
constexpr std::uint32_t gate_index = 1;

class gate final : public porter {
 public:
  explicit gate(wire& way) noexcept : porter(way) {}
  bool told_the_end() const noexcept { return told_; }

 private:
  void written(std::size_t frames) override { static_cast<outland&>(*current_core()->home.elsewhere).carried(frames); }

  // The first process has ended.
  void take_mail(envelope_ptr mail) override {
    if (!same_type(*mail->type, message_type_of<down>)) return;
    send(pack(finished_frame{static_cast<down*>(mail->payload())->why}));
    told_ = true;
  }

  void take_frame(frame_kind kind, decoder& body) override {
    core& here = *current_core();
    if (kind == frame_kind::mail) {
      const auto head = body.get<mail_frame>();
      envelope_ptr mail = unpack(head, body);
      if (head.kind == envelope_kind::request) asker_of(*mail) = foreign_key(here.home.table.place(), head.asker);
      const bool urgent = head.mark != 0 && head.kind != envelope_kind::request;
      if (head.to.place() != here.home.table.place()) return;
      if (post_to(here, key_of(head.to), mail.release(), urgent ? urgency::urgent : urgency::ordinary)) return;
      if (head.kind == envelope_kind::request) refuse(head);
    } else if (kind == frame_kind::signal) {
      const auto news = body.get<signal_frame>();
      check_end(body);
      if (news.to.place() == here.home.table.place()) {
        post_signal(here, key_of(news.to), {news.kind, news.slot, news.from, news.number, news.why});
      }
    } else {
      decoder::refuse("a frame that only an OS process sends");
    }
  }

  // Nobody is there any more who could answer.
  void refuse(const mail_frame& head) {
    const ref which(head.mark, head.slot);
    post_marked(*current_core(), foreign_key(current_core()->home.table.place(), head.asker), which,
                down{which, head.to, reason::noproc});
  }

  bool over(bool closed) override { return closed || (told_ && all_written()); }
  std::uint64_t deadline_ns() override { return no_deadline; }

  bool told_ = false;
};

outbound packed(const runtime& home, pid to, envelope& mail) {
  if (mail.kind == envelope_kind::signal) {
    signal& news = *static_cast<signal*>(mail.payload());
    return pack(signal_frame{to, news.from, news.kind, news.slot, news.number, std::move(news.why)});
  }
  const pid asker = mail.kind == envelope_kind::request ? home.table.pid_of(asker_of(mail)) : pid();
  return pack(head_of(to, asker, mail), mail);
}

}  // namespace

abroad::forwarded outland::forward(pid to, envelope_ptr mail, moment when) {
  outbound frame = packed(home_, to, *mail);
  const std::lock_guard hold(lock_);
  const bool free = when == moment::now && queued_ == 0 && way_ != nullptr;
  if (free && way_->write_now(frame.frame) == wire_state::done) return {0, nullptr, true};  // G3
  envelope* const queued = make_envelope(std::move(frame));
  ++queued_;
  return {home_.table.at(gate_index).key(), queued};
}

void isolated_first::run(void* place) {
  const auto self = *static_cast<isolated_first*>(place);
  decoder in(*self.arguments);
  self.body(in);
}

// After a packet that makes no sense, or that the system refuses to give, nothing else is taken. The program hears why.
void gate_body::run(void* place) {
  wire& way = *static_cast<gate_body*>(place)->way;
  bool told = false;
  {
    const entry door("mote::isolated");
    gate carrier(way);
    try {
      carrier.carry();
      told = carrier.told_the_end();
    } catch (const std::system_error& failed) {
      way.write(pack(finished_frame{reason(reason_kind::lost, failed.what())}).frame);
    }
    static_cast<outland&>(*door.home().elsewhere).use(nullptr);
  }
  if (told) static_cast<void>(end_all_processes(current_core()->home.settings.shutdown_deadline));
}

namespace {

// The gate hears of the first one's end however early that is.
void watch_first(process& first, process& watcher) {
  constexpr std::uint64_t number = 1;  // below all that core::new_number gives
  const ref which = refs_of(watcher).add(ref_kind::monitor, number, first.key());
  watcher.monitors.add(1);
  first.watchers = std::make_unique<id_map<watch>>();
  first.watchers->insert(number) = {watcher.key(), which.slot()};
}

}  // namespace

prepared_isolated prepare_isolated_runtime(start_frame& start, options given, runtime* host,
                                           const std::function<std::unique_ptr<wire>(runtime& home)>& open) {
  given.schedulers = start.schedulers;
  given.max_processes = start.max_processes;
  auto home = std::make_unique<runtime>(given, start.place, host);
  std::unique_ptr<wire> way = open(*home);
  auto abroad_of_all = std::make_unique<outland>(*home);
  abroad_of_all->use(way.get());
  home->elsewhere = std::move(abroad_of_all);
  process& first = home->prepare_from_outside(isolated_first_type);
  process& second = home->prepare_from_outside(gate_type);
  MOTE_CHECK(first.index == first_index && second.index == gate_index);
  ::new (first.closure_place()) isolated_first{reinterpret_cast<isolated_body>(static_cast<std::uintptr_t>(start.body)), &start.function_and_arguments};
  ::new (second.closure_place()) gate_body{way.get()};
  first.parent_key = key_for(*home, start.parent);
  if (start.trap_exit) first.set(process_flags::traps_exits);
  if (!start.label.empty()) {
    first.details = std::make_unique<process_details>();
    first.details->label = start.label;
  }
  second.set(process_flags::hidden);
  watch_first(first, second);
  home->root_key = second.key();
  return {std::move(home), std::move(way), &first, &second};
}

}  // namespace mote::detail
