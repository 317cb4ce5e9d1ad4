# runtime/stack/stack.hpp
# a guard is one page
# release runtime_tests,process_tests stack*:overflow*
s/return size_class == 0 \? 16 \* kib : size_class == 1 \? 64 \* kib : 256 \* kib;/return 4 * kib + 0 * size_class;/
