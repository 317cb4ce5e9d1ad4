#include "tests/model/trace.hpp"

#include <array>
#include <cstdio>

namespace mote::model {
namespace {

const char* name_of(event::kind what) {
  static constexpr std::array names{"load",  "store",     "change",     "cas failed", "fence",
                                    "pause", "data read", "data write", "begins",     "ends"};
  return names[static_cast<std::size_t>(what)];
}

const char* name_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed: return "relaxed";
    case std::memory_order_consume:
    case std::memory_order_acquire: return "acquire";
    case std::memory_order_release: return "release";
    case std::memory_order_acq_rel: return "acq_rel";
    case std::memory_order_seq_cst: break;
  }
  return "seq_cst";
}

std::string line(std::size_t number, const event& what) {
  using kind = event::kind;
  std::array<char, 160> text{};
  const bool bare = what.what == kind::pause || what.what == kind::begin || what.what == kind::end;
  const bool data = what.what == kind::read_data || what.what == kind::write_data;
  int used = std::snprintf(text.data(), text.size(), "%5zu  %*sthread %u  %-10s", number, what.thread * 4, "",
                           unsigned{what.thread}, name_of(what.what));
  const auto rest = [&] { return text.data() + used; };
  const auto room = [&] { return text.size() - static_cast<std::size_t>(used); };
  if (!bare && !data) used += std::snprintf(rest(), room(), "  %-7s", name_of(what.order));
  if (!bare && what.what != kind::fence)
    used += std::snprintf(rest(), room(), "  %s %u", data ? "cell" : "atomic", what.atomic);
  if (!bare && !data && what.what != kind::fence)
    used += std::snprintf(rest(), room(), "  0x%llx", static_cast<unsigned long long>(what.value));
  if (what.age > 0) std::snprintf(rest(), room(), "  (%u newer)", what.age);
  return text.data();
}

}  // namespace

std::string trace::text() const {
  std::string all;
  for (std::size_t i = 0; i < events_.size(); ++i) all += line(i, events_[i]) + "\n";
  return all;
}

}  // namespace mote::model
