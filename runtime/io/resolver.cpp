// Names of hosts: asked of the C library, which blocks, on threads of their own.
#include "runtime/io/system_network.hpp"
#include "runtime/os/addresses_of.hpp"

#include <mutex>

namespace mote::detail {

namespace {

/// What the waiting process and the thread that asks share; the last of them frees it.
struct question {
  std::string host;
  std::mutex lock;
  bool answered = false;
  addresses_found answer;
};

void answer(const std::shared_ptr<question>& asked, runtime& home, std::uint64_t asker_key) {
  addresses_found found = addresses_of(asked->host);
  {
    const std::lock_guard hold(asked->lock);
    asked->answer = std::move(found);
    asked->answered = true;
  }
  nudge_from_outside(home, asker_key);
}

bool is_answered(question& asked) {
  const std::lock_guard hold(asked.lock);
  return asked.answered;
}

}  // namespace

resolved system_network::resolve(const std::string& host, std::uint64_t deadline_ns) {
  process& self = *current_core()->current();
  const auto asked = std::make_shared<question>();
  asked->host = host;
  pool_.run([asked, &home = current_core()->home, key = self.key()] { answer(asked, home, key); });
  while (!is_answered(*asked)) {
    if (!wait_for_wake(self, deadline_ns, wait_reason::work)) return {{}, std::make_error_code(std::errc::timed_out)};
    heed_signals(*current_core(), self);
  }
  const std::lock_guard hold(asked->lock);
  return {std::move(asked->answer.addresses), asked->answer.error};
}

}  // namespace mote::detail
