# runtime/process/finish.cpp
# an exit is thrown while the stack unwinds
# release process_tests destructor*:kill*:exit*
s/^  if \(here\.uncaught_exceptions\(\) != 0 \|\| self\.doing/  if (self.doing/
