// SPDX-License-Identifier: Apache-2.0
// Who speaks with BIRD, and tells what it can do for our addresses?
//
// A client of BIRD's control socket, as birdc is one: it connects, and again when the connection
// ends, looks ten times a second, and tells what has changed. What is asked and what the answers
// mean is vip/advertising's. Nothing here waits: a BIRD that does not answer in a second counts as
// one that is not there. An action's outcome comes as an event from the io_context, never from
// within a method.
//
// Limit: whoever can write into that socket can do as much as we. It is BIRD's own, and Debian's
// is open to root and to the group bird.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "config/cluster_config.hpp"
#include "config/result.hpp"
#include "vip/action.hpp"
#include "vip/event.hpp"

namespace hapx::vip {

class BirdDoor {
 public:
  using Handler = std::function<void(Event)>;

  /// Tells a RoutingChanged for each routed address soon, whatever comes of it. Fails only if no
  /// socket can be at that path. REQUIRES: `io` outlives this, and runs in one thread.
  [[nodiscard]] static Result<std::unique_ptr<BirdDoor>> open(boost::asio::io_context& io,
                                                              const std::string& socket,
                                                              const std::vector<VipConfig>& vips,
                                                              Handler handler);
  ~BirdDoor();
  BirdDoor(const BirdDoor&) = delete;
  BirdDoor& operator=(const BirdDoor&) = delete;

  void carry_out(const Advertise& action);
  void carry_out(const Withdraw& action);

 private:
  struct State;
  explicit BirdDoor(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hapx::vip
