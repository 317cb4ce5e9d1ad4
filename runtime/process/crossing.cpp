// How mote's own values cross to another OS process, and which types of the program's can.
//
// T1  A type is known by the hash of its name as the compiler mangles it. Two different types of one name, which only those
//     local to their source files can be, are both refused: nobody could tell them apart at the other end.
// O1  known_type's push (release) -> a look at the list (acquire): whoever sees the entry sees what it says. Entries are
//     never taken out.
#include "runtime/process/crossing.hpp"

#include "runtime/base/atomic.hpp"
#include "runtime/base/never_destroyed.hpp"

#include <mote/bytes.hpp>
#include <mote/receive.hpp>

#include <mutex>
#include <unordered_map>

namespace mote::detail {

namespace {

constinit atomic<known_type*> known_types{nullptr};

std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211u;
  return hash;
}

/// By hash. A null type: two have this name (T1).
class type_index {
 public:
  const message_type* find(std::uint64_t hash) {
    const std::lock_guard hold(lock_);
    take_in_new();
    const auto found = types_.find(hash);
    return found == types_.end() ? nullptr : found->second;
  }

 private:
  void take_in_new() {
    known_type* const newest = known_types.load(acquire);  // O1
    for (known_type* each = newest; each != taken_in_; each = each->next) {
      const auto [at, is_new] = types_.emplace(hash_of(each->type.info->name()), &each->type);
      if (!is_new && at->second != nullptr && !same_type(*at->second, each->type)) at->second = nullptr;
    }
    taken_in_ = newest;
  }

  std::mutex lock_;
  std::unordered_map<std::uint64_t, const message_type*> types_;
  known_type* taken_in_ = nullptr;
};

type_index& types() {
  static never_destroyed<type_index> all;
  return all.get();
}

}  // namespace

known_type::known_type(const message_type& given) noexcept : type(given) {
  next = known_types.load(relaxed);
  while (!known_types.compare_exchange_weak(next, this, release, relaxed)) {  // O1
  }
}

std::uint64_t crossing_name(const message_type& type) noexcept { return hash_of(type.info->name()); }
const message_type* type_of_name(std::uint64_t name) { return types().find(name); }

std::string why_not_crossing(const message_type& type) {
  const std::string name(type.name);
  if (type.codec == nullptr) return name + " cannot cross to another OS process: a part of it gives no codec";
  const message_type* const known = type_of_name(crossing_name(type));
  if (known != nullptr && same_type(*known, type)) return {};
  return name + " cannot cross to another OS process: the program has several types of this name";
}

void encode_error_code(const std::error_code& value, encoder& out) {
  const std::string_view category = value.category().name();
  if (category != "system" && category != "generic") {
    throw usage_error("mote: an error_code of category \"" + std::string(category) + "\" cannot cross to another OS process");
  }
  encode(category == "system", out);
  encode(value.value(), out);
}

std::error_code decode_error_code(decoder& in) {
  const bool of_system = decode<bool>(in);
  const int value = decode<int>(in);
  return {value, of_system ? std::system_category() : std::generic_category()};
}

}  // namespace mote::detail

namespace mote {

using detail::decode;
using detail::encode;

void encoder::refuse_depth() {
  throw usage_error("mote: a value nested more than " + std::to_string(detail::deepest_crossing) +
                    " deep cannot cross to another OS process");
}

void encoder::put_count(std::size_t count) {
  if (count > 0xffff'ffff) throw usage_error("mote: a container of more than 4294967295 elements cannot cross to another OS process");
  const auto kept = static_cast<std::uint32_t>(count);
  put_raw(&kept, sizeof(kept));
}

void decoder::refuse_depth() { refuse("it is nested too deep"); }
void decoder::refuse(std::string_view why) { throw decode_error(std::string(why)); }

void message_traits<pid>::encode(const pid& value, encoder& out) {
  out.put(value.place());
  out.put(value.index());
  out.put(value.generation());
}
pid message_traits<pid>::decode(decoder& in) {
  const auto place = in.get<std::uint64_t>();
  const auto index = in.get<std::uint32_t>();
  return pid(place, index, in.get<std::uint32_t>());
}

void message_traits<ref>::encode(const ref& value, encoder& out) {
  out.put(value.number());
  out.put(value.slot());
}
ref message_traits<ref>::decode(decoder& in) {
  const auto number = in.get<std::uint64_t>();
  return ref(number, in.get<std::uint32_t>());
}

void message_traits<alias>::encode(const alias& value, encoder& out) {
  out.put(value.owner());
  out.put(value.name());
}
alias message_traits<alias>::decode(decoder& in) {
  const auto owner = in.get<pid>();
  return alias(owner, in.get<ref>());
}

void message_traits<reply_to>::encode(const reply_to& value, encoder& out) {
  out.put(value.asker());
  out.put(value.request());
  out.put(value.asked());
}
reply_to message_traits<reply_to>::decode(decoder& in) {
  const auto asker = in.get<pid>();
  const auto request = in.get<ref>();
  return reply_to(asker, request, in.get<pid>());
}

void message_traits<bytes>::encode(const bytes& value, encoder& out) {
  out.put_count(value.size());
  out.put_raw(value.data(), value.size());
}
bytes message_traits<bytes>::decode(decoder& in) { return bytes(in.get_view(in.get_count())); }

}  // namespace mote
