// Naming and binding of the calling thread.
#include "runtime/os/this_thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace mote::detail {
namespace {

std::optional<refusal> refused(int error, std::string what) {
  if (error == 0) return std::nullopt;
  return refusal{error, std::move(what) + ": " + std::generic_category().message(error)};
}

}  // namespace

int this_thread_number() noexcept { return static_cast<int>(::syscall(SYS_gettid)); }

std::optional<refusal> name_this_thread(std::string_view name) {
  const std::string kept(name.substr(0, 15));  // as many as a string holds without memory, which the runtime's threads may lack
  const int error = pthread_setname_np(pthread_self(), kept.c_str());
  if (error == 0) return std::nullopt;
  return refused(error, "naming a thread \"" + kept + '"');
}

std::optional<refusal> bind_to_cpu(int cpu) { return bind_thread(0, {cpu}); }

std::optional<refusal> bind_thread(int thread, const std::vector<int>& cpus) {
  std::string what = "binding a thread to processor";
  for (const int cpu : cpus) what += ' ' + std::to_string(cpu);
  if (cpus.empty() || std::ranges::min(cpus) < 0) return refused(EINVAL, what);
  const int most = std::ranges::max(cpus);
  const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(most + 1),
                                                              [](cpu_set_t* set) { CPU_FREE(set); });
  if (mask == nullptr) return refused(ENOMEM, what);
  const std::size_t bytes = CPU_ALLOC_SIZE(most + 1);
  CPU_ZERO_S(bytes, mask.get());
  for (const int cpu : cpus) CPU_SET_S(static_cast<unsigned>(cpu), bytes, mask.get());
  return refused(sched_setaffinity(thread, bytes, mask.get()) == 0 ? 0 : errno, what);
}

}  // namespace mote::detail
