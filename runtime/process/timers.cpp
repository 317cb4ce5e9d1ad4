// Messages that are sent later. The timer owns the envelope until it fires, is cancelled, or its wheel dies.
#include "runtime/process/core.hpp"

#include <mote/send.hpp>

#include <utility>

namespace mote::detail {

namespace {

// subject: the runtime is the wheel's own scheduler's; detail: the receiver's key.
void send_now(timer& due) noexcept {
  core& here = *current_core();
  auto* const mail = static_cast<envelope*>(due.payload);
  tsan_acquire(mail);
  const std::uint64_t to = due.detail;
  here.trace().record(event::fire, static_cast<std::uint32_t>(to), 1);
  post(here, here.home.table.find(to), static_cast<std::uint32_t>(to >> 32), mail, urgency::ordinary);
}

// Another runtime's wheels, and their memory, are gone, or none of the caller's.
bool is_of(const runtime& home, timer_ref which) noexcept {
  return which.node() != nullptr && which.place() == home.table.place();
}

timer_id id_of(timer_ref which) noexcept { return {static_cast<timer*>(which.node()), which.generation()}; }

std::optional<std::chrono::nanoseconds> left_until(core& here, std::uint64_t deadline_ns) {
  const std::uint64_t now = here.now_ns();
  return std::chrono::nanoseconds(deadline_ns > now ? deadline_ns - now : 0);
}

}  // namespace

void core::drop_timer_payload(timer& pending) noexcept {
  if (pending.payload == nullptr) return;
  tsan_acquire(pending.payload);
  drop_envelope(static_cast<envelope*>(pending.payload));
}

timer_ref deliver_after(std::chrono::nanoseconds delay, pid to, envelope* given) {
  envelope_ptr mail(given);
  const entry door("mote::send_after");
  core& here = door.here();
  const auto wait = std::max(delay, std::chrono::nanoseconds(0));
  const std::uint64_t deadline_ns = std::min(moment_after(here.now_ns(), wait), no_deadline - 1);
  here.spend(cost::call);
  std::uint64_t key = to.place() == here.home.table.place() ? key_of(to) : 0;
  if (key == 0 && here.home.elsewhere != nullptr) {
    const abroad::forwarded way = here.home.elsewhere->forward(to, std::move(mail), abroad::moment::later);
    if (way.mail == nullptr) return {};
    key = way.to_key;
    mail.reset(way.mail);
  }
  tsan_release(mail.get());  // its maker comes before whoever fires or drops it
  const timer_id armed = here.timers().arm(deadline_ns, &send_now, nullptr, key, mail.get());
  static_cast<void>(mail.release());
  yield_if_used_up(door.here());
  return timer_ref(door.home().table.place(), armed.node, armed.generation);
}

}  // namespace mote::detail

namespace mote {

using namespace detail;

std::optional<std::chrono::nanoseconds> cancel_timer(timer_ref which) {
  const entry door("mote::cancel_timer");
  core& here = door.here();
  if (!is_of(here.home, which)) return std::nullopt;
  here.spend(cost::call);
  const std::optional<std::uint64_t> deadline_ns = timer_wheel::deadline_of(id_of(which));
  void* payload = nullptr;
  if (!deadline_ns || !timer_wheel::cancel(id_of(which), &here.timers(), &payload)) return std::nullopt;
  drop_envelope(static_cast<envelope*>(payload));
  return left_until(here, *deadline_ns);
}

std::optional<std::chrono::nanoseconds> read_timer(timer_ref which) {
  const entry door("mote::read_timer");
  if (!is_of(door.home(), which)) return std::nullopt;
  const std::optional<std::uint64_t> deadline_ns = timer_wheel::deadline_of(id_of(which));
  if (!deadline_ns) return std::nullopt;
  return left_until(door.here(), *deadline_ns);
}

}  // namespace mote
