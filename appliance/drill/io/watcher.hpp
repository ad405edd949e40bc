// SPDX-License-Identifier: Apache-2.0
// Who says on the wire that he has the address?
//
// The watcher asks for the VIP every 5 ms (by ARP, or of an IPv6 address by Neighbour Discovery),
// and hears every claim to it: answers to its questions, and whatever else is said from the VIP or
// of it. It asks from an IP address that nobody has, and each question carries its number in the
// hardware address that it gives as the asker's, to which the answer is sent; so every answer names
// the very question that it answers. No neighbour table but the entry of that one address changes
// by it.
//
// Where no such address is known it asks as the machine that it is; then nobody's neighbour table
// changes at all, and an answer belongs to the question that was asked last.
// Limit: 80,000 claims. A machine does not hear itself: of an address that it holds it hears
// nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "appliance/drill/io/instrument.hpp"
#include "appliance/drill/io/shared_log.hpp"
#include "appliance/drill/io/view.hpp"
#include "appliance/drill/wire.hpp"

namespace hapx::appliance::drill {

class Watcher {
 public:
  [[nodiscard]] static Result<Watcher> start(const View& view);
  [[nodiscard]] static Result<Watcher> start(const lab::Plan& plan) { return start(view_of(plan)); }

  /// What was heard at `from` or later.
  [[nodiscard]] std::vector<Sighting> sightings(Instant from) const;

  /// The claim that was heard last, if there was one.
  [[nodiscard]] std::optional<Sighting> last() const;

 private:
  Watcher(SharedLog<Sighting> log, Instrument instrument)
      : log_(std::move(log)), instrument_(std::move(instrument)) {}

  SharedLog<Sighting> log_;
  Instrument instrument_;
};

}  // namespace hapx::appliance::drill
