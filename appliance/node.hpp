// SPDX-License-Identifier: Apache-2.0
// What does this node do next?
//
// The brain: the only place where the rooms meet. Everything that can happen comes in as an Event,
// everything to do goes out as Actions, and nothing else is touched: no clock, no socket, no log.
// The daemon runs one Node on the real world, the simulator runs several on a simulated one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "appliance/status.hpp"
#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "config/cluster_key.hpp"
#include "lb-supervisor/haproxy_config.hpp"
#include "membership/ballot.hpp"
#include "membership/promise_memory.hpp"
#include "membership/record.hpp"

namespace hapx::appliance {

/// An address of ours (it bears our mark) that was on an interface when we started.
struct FoundAddress {
  InterfaceName interface;
  Cidr address;
};

/// What an earlier incarnation left behind, as the daemon found it before the first step.
struct Inheritance {
  membership::PromiseMemory memory;        ///< what we promised as a voter in this boot
  std::optional<Duration> abstain;         ///< vote for nobody for this long (LEASE.md, rule 5)
  std::map<IpAddress, Instant> deadlines;  ///< of a fence that is still in force
  std::vector<FoundAddress> addresses;
  membership::KeptRecord record;   ///< our copy, as it is on disk
  std::optional<PastDrill> drill;  ///< the last one of this cluster
};

struct NodeOptions {
  ClusterConfig config;
  NodeName self;
  membership::BootId boot;
  membership::Incarnation incarnation;
  ClusterKeys keys;
  Inheritance inheritance;
  lb_supervisor::HaproxyPaths haproxy_paths;
  std::uint64_t seed = 0;
  std::string version;
};

class Node {
 public:
  Node(NodeOptions options, Instant now);
  ~Node();
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;

  /// News in, orders out. `now` is read after the event was received, and never goes back.
  [[nodiscard]] Actions step(const Event& event, Instant now);

  /// When to step with DeadlineReached if nothing happens before.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] const NodeOptions& options() const;
  /// All that it remembers, beyond its options (config/archived.hpp).
  void archive(ArchiveWriter& kept) const;
  void archive(ArchiveReader& kept);

  /// What every window shows.
  [[nodiscard]] Status status(Instant now) const;

  struct State;  ///< appliance/node_state.hpp

 private:
  std::unique_ptr<State> state_;
};

}  // namespace hapx::appliance
