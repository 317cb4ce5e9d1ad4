# runtime/process/drain.cpp runtime/process/wait.cpp
# messages behind an exit signal are kept, and looked at before the signal is
s/mail->mark == 0 && !self\.has\(process_flags::doomed\);/mail->mark == 0;/
/mailbox_scan::more/,/^}/ { /end_if_doomed/d }
