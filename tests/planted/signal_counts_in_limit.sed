# mailbox/inbox.hpp
# a system signal waits behind a full mailbox as a message does
# release process_tests mailbox_limit*
s/^(      if \(\(seen\.high & inbox_flags::bounded\) != 0) && !urgent\)/\1)/
