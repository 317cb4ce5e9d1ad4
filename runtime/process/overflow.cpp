// What is said when a process overflows its stack. The fault hits the closed part below the stack, which nothing else touches,
// so the address tells. The handler runs on the thread's signal stack, takes no lock that anyone waits for, and allocates
// nothing.
#include "runtime/process/core.hpp"

#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <cstring>

namespace mote::detail {

namespace {

/// One line, put together without the C library's buffers. What does not fit is left out.
class plain_line {
 public:
  plain_line& operator<<(std::string_view text) noexcept {
    const std::size_t fits = std::min(text.size(), sizeof text_ - length_);
    std::memcpy(text_ + length_, text.data(), fits);
    length_ += fits;
    return *this;
  }
  plain_line& operator<<(std::uint64_t number) noexcept {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }
  void print() const noexcept { [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text_, length_); }

 private:
  char text_[512];
  std::size_t length_ = 0;
};

// Name and label, unless somebody changes them just now.
void add_details(plain_line& line, runtime& home, const process& self) noexcept {
  if (!home.details_lock.try_lock()) return;
  if (self.details != nullptr && !self.details->name.empty())
    line << " \"" << std::string_view(self.details->name).substr(0, 64) << "\"";
  if (self.details != nullptr && !self.details->label.empty())
    line << " (" << std::string_view(self.details->label).substr(0, 128) << ")";
  home.details_lock.unlock();
}

}  // namespace

void report_overflow(const void* address) noexcept {
  const core* const here = current_core();
  if (here == nullptr || here->running() == nullptr) return;
  const process& self = *here->current();
  const stack_place place = here->home.stacks.find(address);
  const bool below = place.zone == stack_zone::guard || place.zone == stack_zone::reserve;
  if (!below || place.owner == nullptr || place.owner != self.ground) return;
  plain_line line;
  line << "mote: process <" << here->home.table.place() << "." << self.index << "." << self.generation.load(relaxed)
       << ">";
  add_details(line, here->home, self);
  line << " overflowed its stack of " << place.owner->usable_bytes() << " bytes, of a slot of "
       << slot_bytes(place.owner->size_class)
       << ": give it more by spawn_options::max_stack, or all by options::stack_bytes (MOTE_STACK_BYTES)\n";
  line.print();
}

}  // namespace mote::detail
