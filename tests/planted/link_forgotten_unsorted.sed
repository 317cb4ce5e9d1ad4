# runtime/process/ties.cpp
# a link to one that has just ended is forgotten without a look at the mail
# release process_tests link*:unlink*
/^MOTE_COLD void forget_link/,/^}/ s/^  sort_mail\(here, self\);//
