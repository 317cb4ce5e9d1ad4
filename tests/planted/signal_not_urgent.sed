# mailbox/inbox.hpp
# a signal does not call for attention: it waits behind the mail
# release process_tests *
s/urgent \? seen\.high \| inbox_flags::urgent :/urgent ? seen.high :/
