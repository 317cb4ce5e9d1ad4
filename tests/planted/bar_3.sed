# runtime/process/tie_calls.cpp
# who gives a monitor up and flushes keeps the news all the same
# bar 3
s/\} else if \(flush\) \{/} else if (flush \&\& self.links.empty() \&\& self.refs == nullptr) {/
