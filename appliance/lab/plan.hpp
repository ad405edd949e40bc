// SPDX-License-Identifier: Apache-2.0
// What does a lab consist of?
//
// A lab is a whole cluster on one machine: a network namespace for the wire (a bridge), one per
// node, one for the kube-apiserver stand-ins, one for a client. The plan is the list of all of it
// as plain data: names, addresses, folders, and the hapx.yaml that all nodes share. Whoever builds,
// breaks or removes a lab reads the same plan, so that removal can't miss what was built. Labs of
// different names live side by side; inside, their addresses are the same, for no frame leaves a
// wire. It deliberately knows no process and no system call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/result.hpp"

namespace hapx::appliance::lab {

/// Who asks for a lab says this much; the rest follows from it.
struct Wishes {
  std::string name = "lab";      ///< 1 to 24 letters, digits and hyphens; a letter first
  unsigned nodes = 3;            ///< 1 to 3, the witness included
  bool witness = false;          ///< the last node only votes; needs three nodes
  std::string profile = "lan";   ///< fast, lan or cloud
  Family family = Family::ipv4;  ///< of every address in it
  unsigned links = 0;            ///< further networks, for heartbeats alone: up to 3

  friend bool operator==(const Wishes&, const Wishes&) = default;
};

/// A node's card in one of the networks that carry nothing but heartbeats.
struct LinkPlan {
  std::string bridge;
  std::string bridge_port;  ///< its cable's end there
  std::string card;         ///< eth1, eth2, eth3
  Cidr address;

  friend bool operator==(const LinkPlan&, const LinkPlan&) = default;
};

struct NodePlan {
  NodeName name;            ///< node1, node2, node3
  std::string netns;        ///< the namespace that is this machine
  std::string bridge_port;  ///< its cable's end at the bridge
  IpAddress address;
  std::vector<LinkPlan> links;
  MacAddress mac;  ///< the same after each power-on, as a network card's
  Role role = Role::full;
  std::string run_folder;    ///< emptied by a power loss
  std::string state_folder;  ///< survives a power loss
  std::string boot_id_file;  ///< what the node reads as its boot id; new at each power-on
  std::string log_file;

  friend bool operator==(const NodePlan&, const NodePlan&) = default;
};

/// A process that answers as a kube-apiserver would.
struct ApiserverPlan {
  std::string name;  ///< apiserver1, ...: what it says in its answers
  IpAddress address;

  friend bool operator==(const ApiserverPlan&, const ApiserverPlan&) = default;
};

struct Plan {
  Wishes wishes;
  Timing timing;            ///< of the profile
  std::string run_root;     ///< the lab's folder under /run
  std::string state_root;   ///< the lab's folder under /var/lib
  std::string config_file;  ///< hapx.yaml, the same for all nodes
  std::string key_file;
  std::string wire_netns;
  std::string bridge;
  std::string apiserver_netns;
  std::string client_netns;
  IpAddress client_address;
  IpAddress watcher_address;  ///< asked from, assigned to nobody
  ServiceName service;
  Cidr vip;
  std::uint16_t port = 6443;
  std::vector<NodePlan> nodes;
  std::vector<ApiserverPlan> apiservers;

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// The interface of every node, of the client and of the stand-ins, inside their namespaces.
inline constexpr std::string_view inner_interface = "eth0";

/// Refuses wishes that no lab can meet, with the reason.
[[nodiscard]] Result<Plan> make_plan(const Wishes& wishes);

/// Every namespace of the lab, the wire last (the others' cables hang in it).
[[nodiscard]] std::vector<std::string> namespaces_of(const Plan& plan);

/// nullptr where the lab has no such node.
[[nodiscard]] const NodePlan* node_of(const Plan& plan, std::string_view name);

/// nullptr where no node's network card has this address.
[[nodiscard]] const NodePlan* node_of(const Plan& plan, const MacAddress& mac);

/// The namespace behind a name an operator may say: a node, "client", "apiservers", "wire".
[[nodiscard]] std::optional<std::string> netns_of(const Plan& plan, std::string_view where);

/// The hapx.yaml of the lab.
[[nodiscard]] std::string render_config(const Plan& plan);

/// Lines for `ip -batch`: the namespaces of the wire, the client and the stand-ins, or of one node.
[[nodiscard]] std::string netns_batch(const std::vector<std::string>& names);

/// Lines for `ip -batch` in the wire's namespace: the bridge of each network, up and forwarding at
/// once.
[[nodiscard]] std::string bridge_batch(const Plan& plan);

/// One end of a cable in the bridge, the other a machine's network card.
struct Machine {
  std::string netns;
  std::string bridge_port;
  std::optional<MacAddress> mac;  ///< absent: the kernel draws one
  std::vector<Cidr> addresses;
  std::string bridge;
  std::string card = std::string(inner_interface);
};

[[nodiscard]] Machine machine_of(const Plan& plan, const NodePlan& node);
/// The same machine's further cards.
[[nodiscard]] std::vector<Machine> links_of(const NodePlan& node);
/// Where all of the node's cables end.
[[nodiscard]] std::vector<std::string> ports_of(const NodePlan& node);
[[nodiscard]] Machine apiservers_machine(const Plan& plan);
[[nodiscard]] Machine client_machine(const Plan& plan);

/// A setting of a machine's kernel.
struct Setting {
  std::string name;  ///< its path under /proc/sys
  std::string value;

  friend bool operator==(const Setting&, const Setting&) = default;
};

/// What a machine of this lab is told before it gets its card: then it can speak at once.
[[nodiscard]] std::vector<Setting> machine_settings(const Plan& plan);

/// Lines for `ip -batch` in the wire's namespace: the cable between bridge and machine.
[[nodiscard]] std::string cable_batch(const Machine& machine);

/// Lines for `ip -batch` in the machine's own namespace: its addresses, its card up.
[[nodiscard]] std::string machine_batch(const Machine& machine);

enum class Cut {
  both_ways,
  outward,  ///< nobody hears the node, and it hears everybody
};

/// Rules for `nft -f` in the wire's namespace: heartbeats from and to this node are dropped on each
/// bridge, all else passes, so that neither the node nor its peers see an error.
[[nodiscard]] std::string partition_rules(const NodePlan& node, Cut cut = Cut::both_ways);
/// The rules that undo partition_rules.
[[nodiscard]] std::string heal_rules(const NodePlan& node);

/// The wishes as text for the lab's own folder, and back: so `down` and `status` know what `up`
/// built.
[[nodiscard]] std::string render_wishes(const Wishes& wishes);
[[nodiscard]] Result<Wishes> parse_wishes(std::string_view text);

}  // namespace hapx::appliance::lab
