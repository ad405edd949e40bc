// SPDX-License-Identifier: Apache-2.0
// How is the cluster, as this node sees it?
//
// One plain snapshot that every window shows: `hapx status`, the API, the metrics, and later the
// page. Node fills it in, nothing else does; a window only chooses what to print. It knows no
// clock: whatever is an age or a remainder was measured against the `now` that Node::status was
// told. It deliberately holds no history (appliance/journal.hpp does) and no secrets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "appliance/histogram.hpp"
#include "appliance/past_drill.hpp"
#include "appliance/table.hpp"
#include "appliance/takeover.hpp"
#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

enum class MemberState : std::uint8_t { online, standby, maintenance, offline };

/// One of several ways by which a member may be heard.
struct LinkStatus {
  std::string address;  ///< the member's
  bool heard = false;   ///< it came from there within the last lease

  friend bool operator==(const LinkStatus&, const LinkStatus&) = default;
};

struct MemberStatus {
  NodeName name;
  MemberState state = MemberState::offline;
  Role role = Role::full;
  unsigned votes = 1;
  std::string address;   ///< of its heartbeats
  bool suspect = false;  ///< silent for longer than a beat or two, not yet declared dead
  bool hears_us = true;  ///< false: a one-way link, which counts against quorum on its side
  std::optional<Duration> last_heard{};       ///< how long ago; absent: never, or it is this node
  bool has_left = false;                      ///< its last word was good-bye
  std::vector<std::string> config_differs{};  ///< where its configuration is not this node's
  bool counts_otherwise = false;              ///< votes, by other nodes than this one
  std::vector<LinkStatus> links{};            ///< its address among them; empty: it has no other

  friend bool operator==(const MemberStatus&, const MemberStatus&) = default;
};

/// One resource of a service (its VIP or its HAProxy), in the words of the tutorials.
/// `warm` is HAProxy's alone: it runs and could serve at once, but the VIP is elsewhere.
enum class ResourceStatus : std::uint8_t { stopped, starting, warm, started, stopping, failed };

/// What ends the right to use an address when hapxd can't: the BPF deadline, the address lifetime
/// (where BPF is refused), or nothing yet.
enum class FenceStatus : std::uint8_t { none, bpf, lifetime };

struct ServerStatus {
  std::string name;
  bool up = false;
  std::string check;    ///< HAProxy's word for the last check: "L7OK", "L4CON", ...; may be empty
  std::string level{};  ///< what it has shown: "readyz", "http", "tls", "tcp"; empty: nothing good

  friend bool operator==(const ServerStatus&, const ServerStatus&) = default;
};

/// One service on one node, from that node's last report.
struct ServiceOnNode {
  NodeName node;
  ResourceStatus vip = ResourceStatus::stopped;
  ResourceStatus haproxy = ResourceStatus::stopped;
  std::uint32_t vip_failures = 0;
  std::uint32_t haproxy_failures = 0;
  bool link_up = false;
  bool haproxy_fit = false;
  std::uint32_t healthy_api_servers = 0;
  std::uint32_t api_servers = 0;
  std::string excluded;           ///< why it may not hold the service; empty: it may
  Duration vip_failed_ago{};      ///< its last failure, to some seconds; without any: 0
  Duration haproxy_failed_ago{};  ///< likewise

  friend bool operator==(const ServiceOnNode&, const ServiceOnNode&) = default;
};

/// A frame as this node heard it.
struct FrameStatus {
  Duration ago{0};
  std::string bytes;  ///< the whole Ethernet frame: "ff ff ff ff ff ff 02 00 ..."

  friend bool operator==(const FrameStatus&, const FrameStatus&) = default;
};

/// Another host that has claimed an address while this node had it or asked for it.
struct RivalStatus {
  std::string mac;
  std::string kind;  ///< of its last claim: "announcement", "answer", "question" or "probe"
  std::uint64_t claims = 0;
  Duration first_ago{0};
  Duration last_ago{0};
  std::vector<FrameStatus> frames;  ///< the last few, oldest first

  friend bool operator==(const RivalStatus&, const RivalStatus&) = default;
};

/// One address of a service on this node.
struct VipStatus {
  std::string address;              ///< without the prefix
  bool assigned = false;            ///< the kernel has it on its interface, as it told us itself
  Duration lease_remaining{0};      ///< our own right; 0: we may not act on it
  std::uint64_t taken_away = 0;     ///< times that somebody removed it and it was added again
  std::uint64_t announcements = 0;  ///< sent
  std::uint64_t announcement_failures = 0;
  std::uint64_t claims = 0;           ///< by other hosts, while this node had it or asked for it
  std::vector<RivalStatus> rivals{};  ///< who they were, the last ones
  std::uint64_t clients = 0;          ///< connected to it here, by the last look
  std::uint64_t clients_woken = 0;    ///< of holders before; they have answered here
  std::uint64_t clients_silent = 0;   ///< likewise; they have not, and were given up

  friend bool operator==(const VipStatus&, const VipStatus&) = default;
};

struct ServiceStatus {
  ServiceName name;
  std::optional<NodeName> holder;  ///< where its VIP is started, as far as we have heard
  ResourceStatus vip = ResourceStatus::stopped;      ///< on the holder; without one: here
  ResourceStatus haproxy = ResourceStatus::stopped;  ///< likewise
  std::optional<Duration> lease_remaining;           ///< our own right; absent unless we hold it
  FenceStatus fence = FenceStatus::none;
  std::vector<std::string> addresses;  ///< with prefix, as written in the file
  std::uint16_t port = 6443;
  bool certificates_verified = true;   ///< false: readyz checks without caFile
  std::vector<ServerStatus> backends;  ///< as our own HAProxy sees them; empty: not known here
  std::string reason;                  ///< of the placement in force, one sentence
  bool moved = false;                  ///< it is there because an operator moved it
  std::vector<ServiceOnNode> nodes;    ///< in the file's order, witnesses left out
  std::vector<VipStatus> vips;         ///< here, in the file's order; empty on a witness
  TakeoverCounts takeovers;            ///< by this node

  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
};

/// Our own HAProxy, one per node.
struct HaproxyStatus {
  ResourceStatus state =
      ResourceStatus::stopped;  ///< stopped, starting, warm, started, stopping or failed
  int pid = 0;                  ///< 0: none
  bool fit = false;
  std::string reason;          ///< why it isn't fit; empty when it is
  std::uint64_t restarts = 0;  ///< in this life of hapxd, of one found running, too
  std::uint64_t draining = 0;  ///< replaced ones that still have connections
  /// Why it runs with another config than the one in force; empty if it doesn't.
  std::string not_replaced{};

  friend bool operator==(const HaproxyStatus&, const HaproxyStatus&) = default;
};

/// An operator's order that stands until it is lifted, or until its time is over.
struct OrderStatus {
  std::string kind;  ///< standby, maintenance or ban
  std::string node;
  std::string service;
  std::string by;
  std::string since;               ///< "2026-11-28T13:36:57Z"
  std::string until;               ///< empty: until it is lifted
  std::optional<Duration> age{};   ///< absent: the time of day is not known here
  std::optional<Duration> left{};  ///< until its time is over; absent: likewise, or it has no end

  friend bool operator==(const OrderStatus&, const OrderStatus&) = default;
};

/// How a service came to this node.
struct TakeoverStatus {
  ServiceName service;
  NodeName from;
  TakeoverReason reason = TakeoverReason::preferred;
  Duration ago{0};                ///< since its first announcement
  std::vector<PhaseTime> phases;  ///< in their order

  friend bool operator==(const TakeoverStatus&, const TakeoverStatus&) = default;
};

/// How sure it is that these are all orders.
enum class OrdersState : std::uint8_t { unread, read, stale };

/// Who votes (docs/LEASE.md, rule 22).
struct ElectorateStatus {
  std::uint64_t generation = 1;        ///< how often the list has changed, counted from 1
  bool settled = true;                 ///< the list before it counts no more
  bool staged = false;                 ///< a file that changes it waits here
  std::vector<std::string> waits_for;  ///< "node2 to be given the same file"

  friend bool operator==(const ElectorateStatus&, const ElectorateStatus&) = default;
};

/// How it is with the other one of two, where noQuorumPolicy is ignore.
struct TwoNodesStatus {
  std::string tie_breaker;          ///< its address
  std::string tie_breaker_trouble;  ///< "doesn't answer"; empty: it does
  std::string other;                ///< heard, left, deaf, unsure, garbled, suspect or silent
  bool met = false;                 ///< it has been heard since this machine started
  bool alone = false;               ///< this node goes on without it
  std::string reason;               ///< why it does, or doesn't

  friend bool operator==(const TwoNodesStatus&, const TwoNodesStatus&) = default;
};

/// How it is with the third vote, where an etcd has it.
struct ArbiterStatus {
  std::vector<std::string> endpoints;  ///< "https://192.168.4.31:2379"
  bool answers = false;
  std::string trouble;                 ///< why its vote is missing; empty: it isn't
  std::optional<Duration> commits_in;  ///< the slowest of the last ten

  friend bool operator==(const ArbiterStatus&, const ArbiterStatus&) = default;
};
/// A lease has to be so many commits long, or one that is slow for once ends a right.
inline constexpr int commits_per_lease_min = 10;

struct Status {
  ClusterName cluster;
  NodeName node;  ///< who says all this
  std::string version;
  Duration uptime{0};           ///< of this incarnation of hapxd
  Duration lease{0};            ///< its length, as the file has it
  Duration failure_timeout{0};  ///< a failure is forgotten after it, as the file has it; 0: never
  bool quorate = false;
  std::optional<NodeName> coordinator;
  std::vector<std::string>
      degraded;  ///< one sentence per reason, the gravest first; empty: healthy
  std::vector<MemberStatus> members;
  ElectorateStatus electorate;
  std::optional<TwoNodesStatus> two_nodes;
  std::optional<ArbiterStatus> arbiter;
  std::vector<ServiceStatus> services;
  std::vector<OrderStatus> orders;
  OrdersState orders_state = OrdersState::read;
  HaproxyStatus haproxy;
  /// Names like "datagrams_refused.replayed" or "fence_restored"; iteration is alphabetical.
  std::map<std::string, std::uint64_t> counters;
  TakeoverTimes takeover_times;  ///< of failovers to this node
  /// To this node, newest first; at most Takeovers::last_max.
  std::vector<TakeoverStatus> last_takeovers;
  Histogram loop_lag;              ///< how late the loop came to what was due
  std::optional<PastDrill> drill;  ///< the last one of this cluster, as this node was told

  friend bool operator==(const Status&, const Status&) = default;
};

/// The words that stand in JSON and in tables.
[[nodiscard]] std::string_view to_string(MemberState state);
[[nodiscard]] std::string_view to_string(ResourceStatus state);
[[nodiscard]] std::string_view to_string(FenceStatus fence);
[[nodiscard]] std::string_view to_string(OrdersState state);

/// Why `place` is excluded, without the words "node2: excluded, " that the scheduler puts before
/// it.
[[nodiscard]] std::string_view exclusion(const ServiceOnNode& place);

/// "3", or "INFINITY" for what a failed start or stop counts as.
[[nodiscard]] std::string fail_count_text(std::uint64_t failures);

/// What the path of heartbeats between this node and a member is worth: "this node", "up",
/// "suspect", "one-way", "never heard", "left", "silent".
[[nodiscard]] std::string_view link_state(const Status& status, const MemberStatus& member);

/// A service is served if it has a holder on which both resources are started, and its
/// kube-apiservers, where we know them, are not all down.
[[nodiscard]] bool served(const ServiceStatus& service);

/// What `hapx status` exits with, and monitoring may rely on.
enum class Health : int {
  healthy = 0,
  degraded = 1,    ///< all services are served, but status.degraded says why to look
  no_service = 2,  ///< a service isn't served, as far as this node sees
  unknown = 3,     ///< no answer from hapxd, or not an answer that can be read
};

[[nodiscard]] Health health(const Status& status);

/// The stable document of `hapx status -o json`, one line. Keys are only ever added.
[[nodiscard]] std::string to_json(const Status& status);
/// The arrays of that document on their own, for `hapx get`.
[[nodiscard]] std::string members_to_json(const Status& status);
[[nodiscard]] std::string services_to_json(const Status& status);
[[nodiscard]] std::string backends_to_json(const Status& status);
[[nodiscard]] std::string links_to_json(const Status& status);
[[nodiscard]] std::string orders_to_json(const Status& status);
[[nodiscard]] std::string fail_counts_to_json(const Status& status);
[[nodiscard]] std::string conflicts_to_json(const Status& status);

/// Reads what to_json wrote, also of another version: unknown keys are passed over, missing ones
/// keep their defaults. Total; refuses what is not JSON or lacks "cluster" and "node".
[[nodiscard]] Result<Status> status_from_json(std::string_view text);

/// The whole status on a screen; ends with a newline.
[[nodiscard]] std::string to_text(const Status& status, Style style);
/// Its beginning: the verdict, the quorum, and why it is degraded.
[[nodiscard]] std::string summary_to_text(const Status& status, Style style);
/// Resources that are not started anywhere, each with what keeps it from that; empty: all are.
[[nodiscard]] std::string inactive_to_text(const Status& status, Style style);
[[nodiscard]] std::string members_to_text(const Status& status, Style style);
[[nodiscard]] std::string services_to_text(const Status& status, Style style);
[[nodiscard]] std::string backends_to_text(const Status& status, Style style);
[[nodiscard]] std::string links_to_text(const Status& status, Style style);
[[nodiscard]] std::string orders_to_text(const Status& status, Style style);
[[nodiscard]] std::string fail_counts_to_text(const Status& status, Style style);
/// `vendor_of`: who makes hardware addresses like this one; empty: not known.
[[nodiscard]] std::string conflicts_to_text(
    const Status& status, Style style,
    const std::function<std::string(const std::string& mac)>& vendor_of);

}  // namespace hapx::appliance
