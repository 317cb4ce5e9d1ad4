// The C library's locking functions, with a count around them. std::mutex, its relatives and std::shared_mutex all end there.
//
// H1  Only what was locked is counted: a try that failed, or an error, changes nothing. pthread_cond_wait unlocks and locks
//     inside the C library, unseen, and so leaves the count as it was, which is right before and after.
// H2  These functions never switch, so the count's address, computed once, is the running thread's throughout.
#include "runtime/os/held_mutexes.hpp"

#if defined(MOTE_CHECK_MUTEXES)

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <cerrno>
#include <ctime>

namespace mote::detail {

namespace {

constinit thread_local unsigned held = 0;

// The function of this name that ours stands before; looked up at its first use, by whoever comes first.
template <class Function>
Function* behind(std::atomic<Function*>& known, const char* name) noexcept {
  Function* found = known.load(relaxed);
  if (found != nullptr) return found;
  found = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
  MOTE_CHECK(found != nullptr);
  known.store(found, relaxed);
  return found;
}

int locked(int result) noexcept {
  if (result == 0 || result == EOWNERDEAD) ++held;  // H1
  return result;
}

int unlocked(int result) noexcept {
  if (result == 0 && held != 0) --held;  // locked before the count was set: no business of this process's
  return result;
}

}  // namespace

__attribute__((noinline)) unsigned mutexes_held() noexcept { return held; }
__attribute__((noinline)) void set_mutexes_held(unsigned count) noexcept { held = count; }

}  // namespace mote::detail

// One of the C library's functions, its parameters, its arguments, and what becomes of the count.
#define MOTE_BEFORE(name, parameters, arguments, counted)                       \
  extern "C" int name parameters noexcept {                                     \
    static constinit std::atomic<int(*) parameters> known{nullptr};             \
    return mote::detail::counted(mote::detail::behind(known, #name) arguments); \
  }

MOTE_BEFORE(pthread_mutex_lock, (pthread_mutex_t * which), (which), locked)
MOTE_BEFORE(pthread_mutex_trylock, (pthread_mutex_t * which), (which), locked)
MOTE_BEFORE(pthread_mutex_timedlock, (pthread_mutex_t * which, const timespec* until), (which, until), locked)
MOTE_BEFORE(pthread_mutex_clocklock, (pthread_mutex_t * which, clockid_t clock, const timespec* until),
            (which, clock, until), locked)
MOTE_BEFORE(pthread_mutex_unlock, (pthread_mutex_t * which), (which), unlocked)
MOTE_BEFORE(pthread_rwlock_rdlock, (pthread_rwlock_t * which), (which), locked)
MOTE_BEFORE(pthread_rwlock_tryrdlock, (pthread_rwlock_t * which), (which), locked)
MOTE_BEFORE(pthread_rwlock_wrlock, (pthread_rwlock_t * which), (which), locked)
MOTE_BEFORE(pthread_rwlock_trywrlock, (pthread_rwlock_t * which), (which), locked)
MOTE_BEFORE(pthread_rwlock_unlock, (pthread_rwlock_t * which), (which), unlocked)

#undef MOTE_BEFORE

#endif
