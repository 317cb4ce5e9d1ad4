# runtime/process/ties.cpp
# an exit signal normal of another ends a process
# release process_tests *exit*:link*
s/\} else if \(why\.kind\(\) != reason_kind::normal \|\| own\) \{/} else if (why.kind() != reason_kind::normal || own || from) {/
