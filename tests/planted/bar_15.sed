# runtime/process/mail.cpp
# a dropped envelope is written to after it was freed
# bar 15
s/^  free_envelope\(mail\);/  free_envelope(mail);\n  mail->next = nullptr;/
