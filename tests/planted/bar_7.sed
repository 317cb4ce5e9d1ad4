# runtime/process/drain.cpp runtime/process/wait.cpp
# messages behind an exit signal are kept, and looked at before the signal is
# bar 7
/^inline .* bool keep_usual/,/^}/ s/process_flags::doomed \| process_flags::sheds/process_flags::sheds/
/^MOTE_COLD void take_unusual/,/^}/ { /end_if_doomed/d }
