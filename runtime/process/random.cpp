// <mote/random.hpp>
#include "runtime/process/core.hpp"

#include <mote/random.hpp>

namespace mote {

random_source::result_type random_source::operator()() const {
  const detail::entry door("mote::random_source");
  return door.here().order().random();
}

}  // namespace mote
