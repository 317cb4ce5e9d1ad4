# runtime/process/entrance.cpp
# a limited mailbox takes twice what it may
# bar 32
s/there\.count >= wanted\.most_count \+ more/there.count >= 2 * wanted.most_count + more/
