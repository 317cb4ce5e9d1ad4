#include "runtime/base/never_destroyed.hpp"

#include <mote/net_error.hpp>

#include <string>

namespace mote {

namespace {

class net_errors final : public std::error_category {
 public:
  const char* name() const noexcept override { return "mote.net"; }
  std::string message(int value) const override {
    switch (static_cast<net_error>(value)) {
      case net_error::end_of_stream:
        return "the peer closed the stream before all had come";
      case net_error::delimiter_missing:
        return "the delimiter did not come within the limit";
      case net_error::no_such_host:
        return "no such host";
      case net_error::resolver_failed:
        return "the name could not be resolved";
      case net_error::not_open:
        return "not open";
    }
    return "unknown";
  }
};

}  // namespace

const std::error_category& net_category() noexcept {
  static detail::never_destroyed<net_errors> only;
  return only.get();
}

std::error_code make_error_code(net_error value) noexcept { return {static_cast<int>(value), net_category()}; }

}  // namespace mote
