# runtime/process/ties.cpp
# who unlinks forgets the link before the other side knows
# release process_tests link*:unlink*
s/^  \*entry = \(\*entry & ~in_force\) \+ one_unlink;/  self.links.erase(peer_key);/
s/\(here, peer_key, std::move\(request\)\)\) forget_link\(here, self, peer_key\);  \/\/ L3/(here, peer_key, std::move(request))) return true;/
