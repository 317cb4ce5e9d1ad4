# runtime/process/table.hpp
# a pid names whatever process has its block now
# release process_tests *
s/^    if \(block\.generation\.load\(acquire\) != generation\).*//
