// What the leak checker must be told about memory that the runtime maps itself or loses. As annotate.hpp: empty without such a
// tool.
// Source: sanitizer/lsan_interface.h.
#pragma once

#include "runtime/base/annotate.hpp"

#include <cstddef>

namespace mote::detail {

/// What is pointed to from there is in use, as if from a global variable: the tool does not look through mappings itself. Parts
/// without access are left out.
inline void lsan_look_into([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(MOTE_ASAN)
  __lsan_register_root_region(begin, bytes);
#endif
}

/// Before that memory is unmapped; the same values.
inline void lsan_look_no_more([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(MOTE_ASAN)
  __lsan_unregister_root_region(begin, bytes);
#endif
}

/// This object on the heap is no leak, even when nothing points to it any more.
inline void lsan_may_be_lost([[maybe_unused]] const void* object) noexcept {
#if defined(MOTE_ASAN)
  __lsan_ignore_object(object);
#endif
}

}  // namespace mote::detail
