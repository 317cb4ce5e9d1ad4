// How a model thread reads and writes. A thread's operations are numbered by its own component of its clock.
#include "tests/model/memory.hpp"

#include "runtime/base/check.hpp"

namespace mote::model {
namespace {

bool acquires(std::memory_order order) {
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

}  // namespace

void memory::start_run() {
  ++run_;
  writes_ = 0;
  sc_stores_ = 0;
  cells_ = 0;
  location_count_ = 0;
  sc_fences_ = {};
  threads_.fill({});
}

void memory::fork(std::size_t parent, std::size_t child) {
  tick(parent);
  threads_[child].now.join(threads_[parent].now);
  threads_[child].caused.join(threads_[parent].caused);
}

void memory::join(std::size_t parent, std::size_t child) {
  threads_[parent].now.join(threads_[child].now);
  threads_[parent].caused.join(threads_[child].caused);
}

stamp memory::tick(std::size_t thread) noexcept {
  thread_state& self = threads_[thread];
  const stamp now = ++self.now.before.at[thread];
  self.now.seen.at[thread] = now;
  self.caused.at[thread] = now;
  return now;
}

// Where atomics are

memory::slot& memory::slot_of(const void* where) {
  std::size_t at = (reinterpret_cast<std::uintptr_t>(where) >> 3) * 0x9e3779b97f4a7c15 >> 52;
  static_assert(table_size == std::size_t{1} << 12);
  while (table_[at].run == run_ && table_[at].where != where) at = (at + 1) % table_size;
  return table_[at];
}

memory::location& memory::add(slot& at, const void* where, word value) {
  MOTE_CHECK(location_count_ < table_size / 2);
  if (location_count_ == locations_.size()) locations_.emplace_back();
  at = {run_, where, static_cast<std::uint32_t>(location_count_)};
  location& fresh = locations_[location_count_];
  fresh.where = where;
  fresh.number = static_cast<std::uint32_t>(location_count_++);
  fresh.maker = 0;
  fresh.made = 0;
  fresh.alive = true;
  fresh.touched = {};
  fresh.loose_load = {};
  if (fresh.stores.empty()) fresh.stores.resize(4);
  fresh.count = 1;
  fresh.stores[0] = {};
  fresh.stores[0].value = value;
  return fresh;
}

memory::location& memory::find(std::size_t thread, const void* where, word latest) {
  slot& at = slot_of(where);
  if (at.run != run_) return add(at, where, latest);  // it is older than the run
  location& found = locations_[at.location];
  check_made(thread, found);
  return found;
}

void memory::check_made(std::size_t thread, const location& at) const {
  if (!at.alive) fail_run("an atomic is used after its end");
  if (!threads_[thread].now.before.knows(at.maker, at.made))
    fail_run("data race: an atomic is used by a thread that does not yet see its construction");
}

void memory::construct(std::size_t thread, const void* where, word value) {
  location& fresh = add(slot_of(where), where, value);
  fresh.maker = static_cast<std::uint8_t>(thread);
  fresh.made = tick(thread);
  fresh.touched.at[thread] = fresh.made;
  fresh.stores[0].first_seen.at.fill(never);
  fresh.stores[0].first_seen.at[thread] = fresh.made;
  fresh.stores[0].caused = threads_[thread].caused;
}

void memory::destroy(std::size_t thread, const void* where) {
  slot& at = slot_of(where);
  if (at.run != run_) return;
  location& ending = locations_[at.location];
  for (std::size_t other = 0; other < most_threads; ++other)
    if (!threads_[thread].now.before.knows(other, ending.touched.at[other]))
      fail_run("data race: an atomic ends, and another thread's use of it does not happen before");
  ending.alive = false;
}

// Loads

/// How many stores a load of this thread may see, from the newest back (M2, M4).
std::size_t memory::readable(const location& at, const thread_state& self, std::memory_order order) const {
  if (self.fresh) return 1;
  const bool sc = order == std::memory_order_seq_cst;
  for (std::size_t age = 0; age < at.count; ++age) {
    const store_record& old = at.stores[at.count - 1 - age];
    if (old.sc != 0 && (sc || old.sc <= self.now.sc)) return age + 1;
    for (std::size_t t = 0; t < most_threads; ++t) {
      if (self.now.seen.knows(t, old.first_seen.at[t])) return age + 1;
      if (sc && sc_fences_.knows(t, old.first_seen.at[t])) return age + 1;
    }
  }
  return at.count;
}

void memory::see(std::size_t thread, location& at, store_record& seen, std::memory_order order) {
  thread_state& self = threads_[thread];
  const stamp now = tick(thread);
  at.touched.at[thread] = now;
  if (seen.first_seen.at[thread] == never) seen.first_seen.at[thread] = now;
  self.caused.join(seen.caused);
  (acquires(order) ? self.now : self.unacquired).join(seen.sync);
}

word memory::seen_at(std::size_t thread, location& at, std::size_t age, std::memory_order order, event::kind what) {
  store_record& seen = at.stores[at.count - 1 - age];
  see(thread, at, seen, order);
  if (what == event::kind::load && !acquires(order)) at.loose_load.at[thread] = at.touched.at[thread];
  log_.add({what, static_cast<std::uint8_t>(thread), order, at.number, static_cast<std::uint32_t>(age), seen.value});
  return seen.value;
}

word memory::load(std::size_t thread, const void* where, word latest, std::memory_order order) {
  location& at = find(thread, where, latest);
  return seen_at(thread, at, chooser_.store(readable(at, threads_[thread], order)), order, event::kind::load);
}

word memory::load_latest(std::size_t thread, const void* where, word latest, std::memory_order order) {
  return seen_at(thread, find(thread, where, latest), 0, order, event::kind::failed_cas);
}

bool memory::compare(std::size_t thread, const void* where, word latest, word expected, bool weak,
                     std::memory_order failure, word& seen) {
  location& at = find(thread, where, latest);
  if (latest == expected && weak && chooser_.spurious_failure()) {
    seen = seen_at(thread, at, 0, failure, event::kind::failed_cas);
    return false;
  }
  // The ages at which it fails. A failed one is a plain load and may see old news, too.
  std::array<std::uint8_t, 64> ages{};
  std::size_t count = 0;
  const std::size_t oldest = std::min(readable(at, threads_[thread], failure), ages.size() - 1);
  if (latest == expected) ++count;  // 0: it does not fail
  for (std::size_t age = 0; age < oldest; ++age)
    if (at.stores[at.count - 1 - age].value != expected) ages[count++] = static_cast<std::uint8_t>(age);
  const std::size_t taken = chooser_.store(count);
  if (latest == expected && taken == 0) return true;
  seen = seen_at(thread, at, ages[taken], failure, event::kind::failed_cas);
  return false;
}

// Stores

memory::store_record& memory::append(location& at, std::size_t thread, word value, std::memory_order order) {
  thread_state& self = threads_[thread];
  const stamp now = tick(thread);
  check_reordered(thread, at);
  at.touched.at[thread] = now;
  at.loose_load.at[thread] = 0;
  if (at.count == at.stores.size()) at.stores.emplace_back();
  store_record& fresh = at.stores[at.count++];
  fresh.value = value;
  fresh.sc = order == std::memory_order_seq_cst ? ++sc_stores_ : 0;
  fresh.sync = releases(order) ? self.now : self.released;
  fresh.caused = self.caused;
  fresh.first_seen.at.fill(never);
  fresh.first_seen.at[thread] = now;
  ++writes_;
  self.fresh = false;
  return fresh;
}

void memory::store(std::size_t thread, const void* where, word latest, word desired, std::memory_order order) {
  location& at = find(thread, where, latest);
  append(at, thread, desired, order);
  log_.add({event::kind::store, static_cast<std::uint8_t>(thread), order, at.number, 0, desired});
}

void memory::change(std::size_t thread, const void* where, word latest, word desired, std::memory_order order) {
  location& at = find(thread, where, latest);
  see(thread, at, at.stores[at.count - 1], order);
  store_record& fresh = append(at, thread, desired, order);
  fresh.sync.join(at.stores[at.count - 2].sync);  // M3
  log_.add({event::kind::change, static_cast<std::uint8_t>(thread), order, at.number, 0, desired});
}

/// M5. A relaxed load that led to this store, without happening before it, might as well have taken effect after it.
void memory::check_reordered(std::size_t thread, location& at) {
  if (!find_reordered_loads_) return;
  const thread_state& self = threads_[thread];
  for (std::size_t other = 0; other < most_threads; ++other) {
    const stamp loaded = at.loose_load.at[other];
    if (loaded <= threads_[other].pinned) continue;
    if (self.caused.knows(other, loaded) && !self.now.before.knows(other, loaded))
      fail_run("reordered load: another thread's earlier load of this atomic may see this store, which came of it");
  }
}

void memory::fence(std::size_t thread, std::memory_order order) {
  thread_state& self = threads_[thread];
  const stamp now = tick(thread);
  if (acquires(order)) {
    self.now.join(self.unacquired);
    self.pinned = now;
  }
  if (order == std::memory_order_seq_cst) {  // M4
    self.now.seen.join(sc_fences_);
    sc_fences_ = self.now.seen;
    self.now.sc = sc_stores_;
  }
  if (releases(order)) self.released = self.now;
  log_.add({event::kind::fence, static_cast<std::uint8_t>(thread), order, 0, 0, 0});
}

// Plain data

void memory::read_cell(std::size_t thread, cell_state& cell) {
  if (cell.run != run_) cell = {run_, cells_++, 0, 0, {}};
  const stamp now = tick(thread);
  log_.add({event::kind::read_data, static_cast<std::uint8_t>(thread), {}, cell.number, 0, 0});
  if (!threads_[thread].now.before.knows(cell.writer, cell.written))
    fail_run("data race: a read does not see the last write");
  cell.read.at[thread] = now;
}

void memory::write_cell(std::size_t thread, cell_state& cell) {
  if (cell.run != run_) cell = {run_, cells_++, 0, 0, {}};
  const stamp now = tick(thread);
  log_.add({event::kind::write_data, static_cast<std::uint8_t>(thread), {}, cell.number, 0, 0});
  const clock& known = threads_[thread].now.before;
  if (!known.knows(cell.writer, cell.written)) fail_run("data race: two writes, neither happens before the other");
  for (std::size_t other = 0; other < most_threads; ++other)
    if (!known.knows(other, cell.read.at[other]))
      fail_run("data race: a write, and a read that does not happen before it");
  cell.writer = static_cast<std::uint8_t>(thread);
  cell.written = now;
}

}  // namespace mote::model
