# runtime/process/wait.cpp
# a process that falls asleep while mail arrives sleeps on
# bar 25
s/if \(!self\.mail\.try_sleep\(deaf\)\) here\.enqueue\(self\);/static_cast<void>(self.mail.try_sleep(deaf));/
