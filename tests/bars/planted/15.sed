# runtime/process/mail.cpp
# a dropped envelope is written to after it was freed
s/^  free_envelope\(mail\);/  free_envelope(mail);\n  mail->next = nullptr;/
