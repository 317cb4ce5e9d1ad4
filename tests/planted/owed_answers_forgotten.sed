# runtime/process/finish.cpp
# who ends owing an answer sends none
# release process_tests request*:server*:call*
/refuse_open_requests\(here, self, why\);/d
