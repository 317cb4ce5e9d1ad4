#include "tests/include/message_type_twin.hpp"

namespace {
struct local_name {
  int value;
};
}  // namespace

static const mote::detail::message_type& record_of_local() {
  struct local {
    int value;
  };
  return mote::detail::message_type_of<local>;
}

const mote::detail::message_type& twin_shared() { return mote::detail::message_type_of<shared_name>; }
const mote::detail::message_type& twin_anonymous() { return mote::detail::message_type_of<local_name>; }
const mote::detail::message_type& twin_static() { return record_of_local(); }
