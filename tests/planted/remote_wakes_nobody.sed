# scheduler/group.cpp
# what is sent to one scheduler does not wake it
# release process_tests,scheduler_tests *
s/^  if \(idle_\.wake\(index\)\) wake\(index\);//
