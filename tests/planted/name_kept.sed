# runtime/process/finish.cpp
# a name outlives its process
# release process_tests register_name*
/unname_process\(here\.home, self\);/d
