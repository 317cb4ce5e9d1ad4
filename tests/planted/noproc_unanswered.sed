# runtime/process/drain.cpp
# what comes too late for a process is dropped without an answer
# release process_tests late_mail*
s/^    answer_for_the_dead\(.*D2/    static_cast<void>(mail);/
