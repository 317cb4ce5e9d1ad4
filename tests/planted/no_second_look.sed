# scheduler/search.cpp
# who goes to sleep does not look again after it has said so
# release process_tests *
s/^  if \(anything_to_do\(\)\) return rise\(\);.*//
