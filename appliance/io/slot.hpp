// SPDX-License-Identifier: Apache-2.0
// How does one thread leave a thing for another, so that neither ever waits for the other?
//
// In a place for one of them. Who puts takes away what was there, who takes finds it empty next
// time: one exchange of a pointer each. A lock would let the loop, which runs before everybody
// else, wait for a thread that anybody may displace while it has it. That something is there is
// told by other means (an eventfd).
#pragma once

#include <atomic>
#include <memory>

namespace hapx::appliance {

template <class Thing>
class Slot {
 public:
  Slot() = default;
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() { take(); }

  void put(std::unique_ptr<Thing> thing) {
    const std::unique_ptr<Thing> forgotten(thing_.exchange(thing.release()));
  }
  /// Null: nothing is there.
  std::unique_ptr<Thing> take() { return std::unique_ptr<Thing>(thing_.exchange(nullptr)); }

 private:
  std::atomic<Thing*> thing_{nullptr};
};

}  // namespace hapx::appliance
