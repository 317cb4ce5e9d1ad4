# runtime/process/finish.cpp
# a process tells of its end before its mailbox closes
# release process_tests *
/^void tell_everyone/,/^}/ { /sort_last_mail/d
s/^  cut_ties\(here, self, why\);/&\n  sort_last_mail(here, self, why);/ }
