// pid, ref and reason as texts, and what reasons carry.
#include <mote/error.hpp>
#include <mote/pid.hpp>
#include <mote/reason.hpp>

#include "runtime/base/atomic.hpp"
#include "runtime/process/core.hpp"
#include "runtime/process/crossing.hpp"

#include <charconv>
#include <cerrno>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <new>
#include <ostream>
#include <typeinfo>

namespace mote {

std::string to_string(pid who) {
  return "<" + std::to_string(who.place()) + "." + std::to_string(who.index()) + "." + std::to_string(who.generation()) +
         ">";
}

std::string to_string(ref which) { return "#" + std::to_string(which.number()) + "." + std::to_string(which.slot()); }

std::ostream& operator<<(std::ostream& out, pid who) { return out << to_string(who); }
std::ostream& operator<<(std::ostream& out, ref which) { return out << to_string(which); }

std::optional<pid> parse_pid(std::string_view text) noexcept {
  if (text.size() < 7 || text.front() != '<' || text.back() != '>') return std::nullopt;
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size() - 1;
  const auto number = [&](auto& value, bool last) {
    const auto [stop, error] = std::from_chars(at, end, value);
    const bool fits = error == std::errc() && (last ? stop == end : stop != end && *stop == '.');
    const bool canonical = stop - at == 1 || *at != '0';
    at = stop + (last ? 0 : 1);
    return fits && canonical;
  };
  std::uint64_t place = 0;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  if (!number(place, false) || !number(index, false) || !number(generation, true)) return std::nullopt;
  return pid(place, index, generation);
}

// Shared and immutable once made.
// O1  each drop (release) -> the last drop (acquire): whoever frees it does so after all others have read it.
struct reason::details {
  std::string text, type;
  const detail::message_type* value_type = nullptr;
  void* value = nullptr;
  detail::atomic<std::uint32_t> holders{1};

  ~details() {
    if (value == nullptr) return;
    if (value_type->destroy != nullptr) detail::run_destructor(value_type->destroy, value);
    ::operator delete(value, std::align_val_t{value_type->alignment});
  }
};

reason::reason(reason_kind kind, std::string text, std::int32_t code, std::string type)
    : details_(new details{std::move(text), std::move(type)}), code_(code), kind_(kind) {}

reason::reason(std::string text, const detail::message_type& type, void* value)
    : details_(new details{std::move(text), std::string(type.name), &type, value}), kind_(reason_kind::custom) {}

void reason::share() const noexcept {
  if (details_ != nullptr) details_->holders.fetch_add(1, detail::relaxed);
}

void reason::drop() noexcept {
  if (details_->holders.fetch_sub(1, detail::acq_rel) == 1) delete details_;  // O1
}

namespace {

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  if (status == -1) throw std::bad_alloc();
  return status == 0 ? name.get() : type.name();
}

reason told_by(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const no_reply& failed) {
    return failed.why().is_orderly() ? reason(reason_kind::error, failed.what(), 0, "mote::no_reply") : failed.why();
  } catch (const std::system_error& failed) {
    return reason(reason_kind::error, failed.what(), failed.code().value(), readable(typeid(failed)));
  } catch (const std::exception& failed) {
    return reason(reason_kind::error, failed.what(), 0, readable(typeid(failed)));
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return reason(reason_kind::error, "an exception that is no std::exception", 0,
                  type != nullptr ? readable(*type) : std::string());
  }
}

// Made while there is memory.
const reason nothing_told(reason_kind::error, "an exception, and no memory to say which", ENOMEM);

}  // namespace

reason reason::from_exception(std::exception_ptr thrown) {
  try {
    return told_by(thrown);
  } catch (const std::bad_alloc&) {
    return nothing_told;
  }
}

std::string_view reason::text() const noexcept { return details_ != nullptr ? details_->text : std::string_view(); }
std::string_view reason::type() const noexcept { return details_ != nullptr ? details_->type : std::string_view(); }

bool reason::equals(const reason& other) const noexcept {
  return kind_ == other.kind_ && code_ == other.code_ && text() == other.text() && type() == other.type();
}

const void* reason::value_of(const detail::message_type& type) const noexcept {
  if (details_ == nullptr || details_->value == nullptr) return nullptr;
  return detail::same_type(*details_->value_type, type) ? details_->value : nullptr;
}

std::string_view to_string(reason_kind kind) noexcept {
  switch (kind) {
    case reason_kind::normal:
      return "normal";
    case reason_kind::shutdown:
      return "shutdown";
    case reason_kind::kill:
      return "kill";
    case reason_kind::killed:
      return "killed";
    case reason_kind::noproc:
      return "noproc";
    case reason_kind::timeout:
      return "timeout";
    case reason_kind::error:
      return "error";
    case reason_kind::stack_overflow:
      return "stack_overflow";
    case reason_kind::abandoned:
      return "abandoned";
    case reason_kind::exit_code:
      return "exit_code";
    case reason_kind::signal:
      return "signal";
    case reason_kind::out_of_memory:
      return "out_of_memory";
    case reason_kind::unresponsive:
      return "unresponsive";
    case reason_kind::lost:
      return "lost";
    case reason_kind::mailbox_full:
      return "mailbox_full";
    case reason_kind::custom:
      return "custom";
  }
  return "?";
}

std::string to_string(const reason& why) {
  std::string text(to_string(why.kind()));
  if (!why.text().empty()) text.append(": ").append(why.text());
  if (why.type().empty() && why.code() == 0) return text;
  text += " (";
  text += why.type();
  if (why.code() != 0) text.append(why.type().empty() ? "code " : ", code ").append(std::to_string(why.code()));
  return text + ")";
}

std::ostream& operator<<(std::ostream& out, const reason& why) { return out << to_string(why); }

// kind, code, text, type, and whether a value follows: the name of its type, and what its codec makes of it.
void message_traits<reason>::encode(const reason& value, encoder& out) {
  out.put(value.kind_);
  out.put(value.code_);
  out.put(std::string(value.text()));
  out.put(std::string(value.type()));
  const detail::message_type* const type = value.details_ != nullptr ? value.details_->value_type : nullptr;
  const bool crosses = type != nullptr && detail::why_not_crossing(*type).empty();
  out.put(crosses);
  if (!crosses) return;
  out.put(detail::crossing_name(*type));
  type->codec->encode(value.details_->value, out);
}

reason message_traits<reason>::decode(decoder& in) {
  const auto kind = in.get<reason_kind>();
  if (kind > reason_kind::custom) decoder::refuse("an exit reason of no kind there is");
  const auto code = in.get<std::int32_t>();
  auto text = in.get<std::string>();
  auto type_name = in.get<std::string>();
  const bool has_value = in.get<bool>();
  if (!has_value && text.empty() && type_name.empty()) return reason(kind, code);
  reason made(kind, std::move(text), code, std::move(type_name));
  if (!has_value) return made;
  const detail::message_type* const type = detail::type_of_name(in.get<std::uint64_t>());
  if (type == nullptr) decoder::refuse("an exit reason with a value of an unknown type");
  void* const place = ::operator new(type->size, std::align_val_t{type->alignment});
  try {
    type->codec->decode(place, in);
  } catch (...) {
    ::operator delete(place, std::align_val_t{type->alignment});
    throw;
  }
  made.details_->value_type = type;
  made.details_->value = place;
  return made;
}

}  // namespace mote
