// Everything: one include for programs.
#pragma once

#include <mote/blocking.hpp>
#include <mote/bytes.hpp>
#include <mote/codec.hpp>
#include <mote/deadline.hpp>
#include <mote/error.hpp>
#include <mote/isolated.hpp>
#include <mote/message.hpp>
#include <mote/net.hpp>
#include <mote/observe.hpp>
#include <mote/outside_mailbox.hpp>
#include <mote/pid.hpp>
#include <mote/process.hpp>
#include <mote/process_local.hpp>
#include <mote/random.hpp>
#include <mote/readiness.hpp>
#include <mote/reason.hpp>
#include <mote/receive.hpp>
#include <mote/runtime.hpp>
#include <mote/send.hpp>
#include <mote/server.hpp>
#include <mote/sim.hpp>
#include <mote/supervisor.hpp>
#include <mote/system_monitor.hpp>
#include <mote/unsafe_share.hpp>
