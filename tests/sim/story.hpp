// SPDX-License-Identifier: Apache-2.0
// The beginning and the end that all scenarios share.
#pragma once

#include <cstdlib>

#include <gtest/gtest.h>

#include "appliance/sim/world.hpp"

namespace hapx::appliance::sim {

using namespace std::chrono_literals;

inline const NodeName n1("n1");
inline const NodeName n2("n2");
inline const NodeName n3("n3");
inline const ServiceName service("kube-apiserver");
inline const IpAddress vip = ipv4(192, 168, 4, 20);
inline const InterfaceName wire("eth1");        ///< the VIP's
inline const InterfaceName heartbeats("eth0");  ///< the nodes' own

/// What the issue promises on top of a lease, for a loss of power, of the link, of the network.
inline constexpr Duration detection = 50ms;

/// Up to three nodes, one service with one VIP, and everything else as the file's defaults say.
inline ClusterConfig cluster(unsigned nodes, Role last = Role::full) {
  ClusterConfig config;
  config.name = ClusterName("kube-demo");
  for (unsigned i = 1; i <= nodes; ++i) {
    const auto byte = static_cast<std::uint8_t>(10 + i);
    config.nodes.push_back(
        {NodeName("n" + std::to_string(i)), ipv4(192, 168, 4, byte), Role::full, 1});
  }
  config.nodes.back().role = last;
  ServiceConfig kube;
  kube.name = service;
  kube.vips = {{{vip, 27}, wire}};
  kube.api_servers = {{"kube-mast01", 6443}, {"kube-mast02", 6443}, {"kube-mast03", 6443}};
  config.services = {kube};
  return config;
}

/// Who has the third vote of two nodes.
inline ArbiterConfig an_etcd() {
  ArbiterConfig arbiter;
  for (std::uint8_t last = 101; last <= 103; ++last)
    arbiter.etcd.endpoints.push_back({ipv4(192, 168, 4, last), 2379});
  arbiter.etcd.ca_file = "/etc/hapx/etcd-ca.crt";
  arbiter.etcd.cert_file = "/etc/hapx/etcd.crt";
  arbiter.etcd.key_file = "/etc/hapx/etcd.key";
  return arbiter;
}

/// One scenario: a world, and at its end the demand that no checker has tripped.
class Story : public testing::Test {
 protected:
  /// Begins with these nodes, runs until the service is served and everything has settled.
  void begin(WorldOptions options) {
    if (std::getenv("HAPX_TRACE_ALL") != nullptr) options.trace = TraceDetail::everything;
    world_.emplace(options);
    world_->start_all();
    // Who comes to an address first asks for one lease whether anybody else has it.
    const Duration bound = 1500ms + options.config.timing.lease;
    ASSERT_TRUE(world_->run_until([&] { return world_->all_served(); }, bound)) << "cold start";
    settle();
  }

  void begin(const ClusterConfig& config) {
    WorldOptions options;
    options.config = config;
    begin(options);
  }

  void settle() {
    world_->run_for(2s);
    world_->mark();
  }

  /// Moves the service there and waits until it is settled.
  void place_on(const NodeName& node) {
    if (holder() != node) {
      world_->move(node, service, node);
      ASSERT_TRUE(world_->run_until([&] { return holder() == node; }, 1s)) << "move";
    }
    settle();
  }

  [[nodiscard]] std::optional<NodeName> holder() const { return world_->serving(service); }
  [[nodiscard]] Duration outage() const { return world_->outage(service); }
  [[nodiscard]] Duration silence() const { return world_->silence(service); }
  [[nodiscard]] Duration lease() const { return world_->config().timing.lease; }

  [[nodiscard]] NodeName coordinator() const {
    for (const NodeConfig& node : world_->config().nodes) {
      if (!world_->alive(node.name)) continue;
      const auto told = world_->status(node.name).coordinator;
      if (told) return *told;
    }
    return {};
  }

  /// Somebody else than `node` that may hold the service.
  [[nodiscard]] NodeName other_than(const NodeName& node) const {
    for (const NodeConfig& each : world_->config().nodes) {
      if (each.name != node && each.role == Role::full) return each.name;
    }
    return {};
  }

  /// Runs on, and demands that the service is served again, not for longer than `bound` broken.
  void expect_outage_at_most(Duration bound, Duration run = 3s) {
    world_->run_for(run);
    EXPECT_TRUE(holder().has_value());
    EXPECT_LE(outage(), bound);
  }

  void TearDown() override {
    if (!world_) return;
    world_->replay_all();
    for (const Violation& violation : world_->violations()) {
      ADD_FAILURE() << violation.checker << ": " << violation.sentence;
    }
    if (HasFailure()) std::cout << world_->trace();
  }

  std::optional<World> world_;
};

}  // namespace hapx::appliance::sim
