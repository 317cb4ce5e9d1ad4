# runtime/process/drain.cpp runtime/process/wait.cpp
# messages behind an exit signal are kept, and looked at before the signal is
s/ && !self\.has\(process_flags::doomed\)\) \[\[likely\]\]/) [[likely]]/
/mailbox_scan::more/,/^}/ { /end_if_doomed/d }
