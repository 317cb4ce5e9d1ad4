// expect-error: field<tree, 1, [^/]*parent[^/]*tree ?\*.*a pointer shares memory|a pointer shares memory.*field<tree, 1, [^/]*parent[^/]*tree ?\*
// A struct that contains itself through a container is looked into once.
#include <mote/send.hpp>

#include <vector>

struct tree {
  std::vector<tree> children;
#ifndef MOTE_CONTROL
  tree* parent;
#endif
};

void plant(mote::pid garden, const tree& what) { mote::send(garden, what); }
