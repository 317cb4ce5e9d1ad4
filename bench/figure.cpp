#include "bench/figure.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstdio>
#include <sstream>

namespace bench {

std::string to_line(const figure& one) {
  char value[32];
  std::snprintf(value, sizeof value, "%.6g", one.value);
  return one.system + ' ' + one.workload + "_s" + std::to_string(one.schedulers) + ' ' + one.metric + ' ' + value +
         ' ' + one.unit;
}

std::optional<figure> from_line(std::string_view line) {
  figure one;
  std::string name;
  std::istringstream words{std::string(line)};
  if (!(words >> one.system >> name >> one.metric >> one.value >> one.unit)) return std::nullopt;
  const std::size_t mark = name.rfind("_s");
  if (mark == std::string::npos) return std::nullopt;
  one.workload = name.substr(0, mark);
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + mark + 2, end, one.schedulers);
  if (error != std::errc() || stop != end) return std::nullopt;
  return one;
}

std::string to_json(const std::vector<figure>& all) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const figure& one : all) {
    list.push_back({{"system", one.system},
                    {"workload", one.workload},
                    {"schedulers", one.schedulers},
                    {"metric", one.metric},
                    {"value", one.value},
                    {"unit", one.unit}});
  }
  return list.dump(2);
}

}  // namespace bench
