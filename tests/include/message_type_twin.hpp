// Types that share their names with others in message_type_test.cpp, and the records that another source file has of
// them.
#pragma once

#include <mote/message.hpp>

struct shared_name {
  int value;
};

const mote::detail::message_type& twin_shared();
const mote::detail::message_type& twin_anonymous();
const mote::detail::message_type& twin_static();
