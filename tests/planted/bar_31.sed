# runtime/io/io_table.cpp
# an entry's next owner is told what the last one was
# bar 31
s/entry\.state\.next_generation\(\);//
