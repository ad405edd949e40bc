// SPDX-License-Identifier: Apache-2.0
// In which order do events reach the node, and when has each of them happened?
//
// In the order in which the doors tell of them, one at a time: what an event's actions bring at
// once waits for its turn. Each has an instant of its own, read when its turn has come. It doesn't
// know what an event is.
//
// Threading: one thread. An action brings one event at once at most, so no more wait than one step
// has actions.
#pragma once

#include <deque>
#include <utility>

#include "config/io/clock.hpp"

namespace hapx::appliance {

template <class Event>
class EventQueue {
 public:
  void push(Event event) { waiting_.push_back(std::move(event)); }

  /// Hands all that wait to `take(event, instant)`, and what comes meanwhile. False: that is under
  /// way already, and this is a call from within.
  template <class Take>
  bool drain(const Take& take) {
    if (std::exchange(draining_, true)) return false;
    while (!waiting_.empty()) {
      const Event next = std::move(waiting_.front());
      waiting_.pop_front();
      // Safety: read after the event was received, once for each (LEASE.md, rule 12). One instant
      // for several would be before a proposal that came while the first was handled had been sent,
      // and a voter's promise would end before the holder's right.
      const Instant now = boot_now();
      take(next, now);
    }
    draining_ = false;
    return true;
  }

 private:
  std::deque<Event> waiting_;
  bool draining_ = false;
};

}  // namespace hapx::appliance
