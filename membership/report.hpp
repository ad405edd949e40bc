// SPDX-License-Identifier: Apache-2.0
// What does a node tell of itself, and what does the coordinator tell all?
//
// A report is one node's present: which resources run there, what failed, what its HAProxy sees. It
// rides on every heartbeat, so that whoever becomes coordinator already knows. A plan is the
// coordinator's answer: where each service is to be. Both are plain values; this room carries them
// and knows nothing of what they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/ids.hpp"
#include "config/time.hpp"
#include "membership/ballot.hpp"
#include "membership/record.hpp"

namespace hapx::membership {

/// One resource (a service's VIP or its HAProxy) on the reporting node. The words are Pacemaker's.
enum class ResourceState : std::uint8_t {
  stopped,
  started,
  start_failed,
  stop_failed,
  monitor_failed
};

/// Saturates here; a failed start or stop counts as this many at once.
inline constexpr std::uint32_t fail_count_max = 1'000'000;

struct ResourceReport {
  ResourceState state = ResourceState::stopped;
  bool monitor_says_stopped = true;  ///< of monitor_failed: not running (true) or an error (false)
  std::uint32_t fail_count = 0;      ///< failures recorded on the reporting node
  Duration since_last_failure{0};    ///< age of the last of them when the report was made

  friend bool operator==(const ResourceReport&, const ResourceReport&) = default;
};

struct ServiceReport {
  ServiceName service;
  ResourceReport vip;
  ResourceReport haproxy;
  bool link_up = false;      ///< every interface of its VIPs is there and has a carrier
  bool haproxy_fit = false;  ///< HAProxy here is warm or serving, and answers its probe
  bool moved_here = false;   ///< an operator moved it here, and nothing has ended that since
  std::uint32_t healthy_api_servers = 0;  ///< as this node's HAProxy sees them, settled
  std::uint32_t api_servers = 0;
  /// Why this node can't hold the VIPs now (no interface, no fence); empty: it can. At most 120
  /// bytes.
  std::string obstacle{};
  bool contested = false;  ///< another host has an address, which this node therefore waits for

  friend bool operator==(const ServiceReport&, const ServiceReport&) = default;
};

struct NodeReport {
  std::vector<ServiceReport> services;

  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

/// Where one service is to be. A service whose VIP is nowhere has its HAProxy nowhere, too.
struct Assignment {
  ServiceName service;
  std::optional<NodeName> vip;
  std::optional<NodeName> haproxy;
  bool moved = false;  ///< here because an operator moved it
  std::string reason;  ///< one sentence, for `hapx why`; at most 200 bytes

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// Nodes obey only the highest (ballot, number) that they have seen (LEASE.md, rule 21).
struct PlanId {
  Ballot ballot;
  std::uint64_t number = 0;

  friend bool operator==(const PlanId&, const PlanId&) = default;
  friend auto operator<=>(const PlanId&, const PlanId&) = default;
};

struct Plan {
  Ballot ballot;  ///< of the coordinator's lease
  std::uint64_t number = 0;
  std::vector<Assignment> assignments;

  [[nodiscard]] PlanId id() const { return {ballot, number}; }

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// A one-shot order: hand this service over.
struct Move {
  ServiceName service;
  std::optional<NodeName> to;  ///< absent: wherever the scheduler likes it next best

  friend bool operator==(const Move&, const Move&) = default;
};

/// A one-shot order: forget the failures of this service. Each node counts its own, so this goes to
/// that node, and not to the coordinator.
struct Cleanup {
  ServiceName service;
  NodeName at;

  friend bool operator==(const Cleanup&, const Cleanup&) = default;
};

/// An order of an operator on its way to the coordinator, or to one node.
struct Order {
  std::uint64_t id = 0;  ///< random, so that a repeated datagram is not a second order
  NodeName from;         ///< the node at which it was given
  std::variant<Move, RecordChange, Cleanup> what;

  friend bool operator==(const Order&, const Order&) = default;
};

/// To which node an order goes, whoever coordinates; null: to the coordinator.
[[nodiscard]] inline const NodeName* addressee_of(const Order& order) {
  const auto* cleanup = std::get_if<Cleanup>(&order.what);
  return cleanup != nullptr ? &cleanup->at : nullptr;
}

enum class OrderOutcome : std::uint8_t {
  accepted,
  refused,
  unknown,  ///< no answer came in time: it may have been carried out, or yet be
};

struct OrderAnswer {
  std::uint64_t id = 0;
  NodeName to;  ///< the node that asked
  OrderOutcome outcome = OrderOutcome::refused;
  std::string sentence;

  friend bool operator==(const OrderAnswer&, const OrderAnswer&) = default;
};

}  // namespace hapx::membership
