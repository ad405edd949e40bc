// SPDX-License-Identifier: Apache-2.0
#include "appliance/sim/recorder.hpp"

namespace hapx::appliance::sim {

namespace {
/// Three nodes send some 120 datagrams in a second: half of what is kept is older than 12 seconds.
constexpr unsigned kept_permille = 125;
constexpr unsigned damaged_permille = 200;
}  // namespace

void Recorder::hear(const Endpoint& from, const membership::SendDatagram& datagram) {
  if (!random_.chance(kept_permille)) return;
  if (recordings_.size() < recordings_max) {
    recordings_.push_back({from, datagram});
  } else {
    recordings_[random_.next() % recordings_.size()] = {from, datagram};
  }
}

Recording Recorder::draw(Random& random) const {
  Recording drawn = recordings_[random.next() % recordings_.size()];
  if (random.chance(damaged_permille) && !drawn.datagram.bytes.empty()) {
    const std::uint64_t bit = random.next() % (8 * drawn.datagram.bytes.size());
    drawn.datagram.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  return drawn;
}

}  // namespace hapx::appliance::sim
