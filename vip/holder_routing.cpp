// SPDX-License-Identifier: Apache-2.0
// What does it change for a holder that its address is announced to routers?
#include "vip/holder.hpp"

namespace hapx::vip {

std::optional<std::string> Holder::routing_obstacle() const {
  if (!vip_.is_routed()) return std::nullopt;
  if (!routing_) return "BIRD has not been asked yet";
  if (!routing_->obstacle.empty()) return routing_->obstacle;
  // Safety: or routers would send clients here as soon as the address is added.
  if (routing_->switched_on && !until())
    return "BIRD would still advertise " + to_string(vip_.address.address);
  return std::nullopt;
}

void Holder::on(const RoutingChanged& event, Instant now, Outcome& out) {
  if (!vip_.is_routed() || event.address != vip_.address.address) return;
  // Adopted before BIRD was asked: it could.
  const bool could = !routing_ || routing_->obstacle.empty();
  const bool was_on = routing_ && routing_->switched_on;
  routing_ = event;
  if (!until()) {
    if (event.switched_on) out.actions.emplace_back(Withdraw{event.address});
  } else if (!event.obstacle.empty()) {
    if (!could) return;
    told_.last_error = event.obstacle;
    out.news.emplace_back(LinkLost{event.obstacle});
  } else if (auto* held = std::get_if<Held>(&state_); held != nullptr &&
                                                      held->announcement.active() &&
                                                      (!could || (was_on && !event.switched_on))) {
    // BIRD is back, or somebody has switched it off.
    held->announcement.begin(now);
    announce_if_due(now, out);
  }
}

}  // namespace hapx::vip
