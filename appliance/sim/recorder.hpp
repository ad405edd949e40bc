// SPDX-License-Identifier: Apache-2.0
// What could somebody say again who listens to the nodes' network?
//
// He has no key: he can keep sealed datagrams and send them later, to whom he likes, whole or
// damaged. Of all that was said a sample is kept, some of it seconds old and some of it minutes,
// so that recordings of processes that are gone are among it. Which ones is drawn from a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "appliance/sim/random.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::appliance::sim {

struct Recording {
  Endpoint from;
  membership::SendDatagram datagram;
};

class Recorder {
 public:
  static constexpr std::size_t recordings_max = 256;

  explicit Recorder(std::uint64_t seed) : random_(seed) {}

  /// Keeps one in a few, in the place of an arbitrary other one.
  void hear(const Endpoint& from, const membership::SendDatagram& datagram);
  /// One of those that are kept, now and then with one bit wrong. REQUIRES: !empty().
  [[nodiscard]] Recording draw(Random& random) const;
  [[nodiscard]] bool empty() const { return recordings_.empty(); }

 private:
  Random random_;
  std::vector<Recording> recordings_;
};

}  // namespace hapx::appliance::sim
