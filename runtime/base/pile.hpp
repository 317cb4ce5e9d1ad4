// What several threads put aside for one to take, all of it at once.
//
// Node has set_link(Node*), a place for one pointer which belongs to the pusher until the push, then to who takes.
// O1  push (release) -> take_all (acquire): who takes sees the link, what the node holds, and that the pusher is done with it.
// ABA is harmless: nobody pops one node, and a push wants the current head, not its history.
// Source: Treiber, IBM RJ 5118 (1986), push only.
#pragma once

#include "runtime/base/atomic.hpp"

namespace mote::detail {

template <class Node>
class pile {
 public:
  /// Any thread.
  void push(Node& node) noexcept {
    Node* seen = head_.load(relaxed);
    do node.set_link(seen);
    while (!head_.compare_exchange_weak(seen, &node, release, relaxed));  // O1
  }

  /// One thread at a time. The newest of them, linked to older ones; nullptr when there is none, which costs a plain load.
  Node* take_all() noexcept {
    if (looks_empty()) return nullptr;
    return head_.exchange(nullptr, acquire);  // O1
  }

  /// Any thread: a hint.
  bool looks_empty() const noexcept { return head_.load(relaxed) == nullptr; }

 private:
  atomic<Node*> head_{nullptr};
};

}  // namespace mote::detail
