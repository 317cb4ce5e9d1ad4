# runtime/process/finish.cpp
# a process is missed before its peers have heard
# release process_tests *
/^void tell_everyone/,/^}/ s/^  sort_last_mail/  self.doing.store(activity::free, release);\n&/
