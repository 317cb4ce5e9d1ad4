# tests/model/spin/ties.pml
# in the model, who unlinks forgets the link at once
# bar 6
/^inline call_unlink/,/^}/ s/SELF\.open_unlinks\+\+;/skip;/
