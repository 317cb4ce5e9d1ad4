# runtime/process/drain.cpp
# an alias for one message takes more
# release process_tests alias*
/case ref_kind::alias_once:/,/break;/ s/^      self\.refs->remove\(name\);/      if (known->kind != ref_kind::alias_once) self.refs->remove(name);/
