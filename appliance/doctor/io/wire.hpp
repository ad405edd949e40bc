// SPDX-License-Identifier: Apache-2.0
// How does a wire test get onto the wire?
//
// The sockets of one end (wire_end): a UDP socket at the node's own address for words, sealed with
// the cluster's key, and on each segment's interface a packet socket. All of it goes with the
// process, whatever ends it: no address, route or rule is added anywhere, not even for a moment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "appliance/doctor/wire_facts.hpp"
#include "config/cluster_config.hpp"
#include "config/cluster_key.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::doctor {

struct WireOptions {
  ClusterConfig config;
  ClusterKeys keys;
  NodeName self;
  std::optional<NodeName> peer{};   ///< absent: whoever comes
  std::vector<IpAddress> given{};   ///< addresses to test with
  std::vector<IpAddress> served{};  ///< VIPs that have a holder, as hapxd here says
  std::uint16_t port = 0;           ///< UDP, for words
  Duration patience{};              ///< for somebody to come
};

/// Called with what is being done, at least every 200 ms.
using WireProgress = std::function<void(const std::string& doing)>;

/// Waits for the other end, and tests; bounded by the patience and 20 s. An Error: nothing came of
/// it, for the reason that it gives. Needs CAP_NET_RAW.
[[nodiscard]] Result<WireFacts> test_wire(const WireOptions& options, const WireProgress& progress);

}  // namespace hapx::appliance::doctor
