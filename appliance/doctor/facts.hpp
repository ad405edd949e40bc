// SPDX-License-Identifier: Apache-2.0
// What was seen of a machine that is to be a node?
//
// Everything that doctor's judgement may depend on, as one value: gathered by io/gather, judged by
// judge. Nothing here is secret: of the key only what is wrong with it. What could not be looked at
// (for want of rights, or because it isn't there) is absent, and is not held against the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"

namespace hapx::appliance::doctor {

/// What became of something that was tried.
struct Attempt {
  enum class Outcome : std::uint8_t { not_made, worked, failed };
  Outcome outcome = Outcome::not_made;
  std::string reason{};  ///< why not, or how it failed
};

struct AddressHere {
  Cidr address;
  bool ours = false;  ///< it bears hapx's mark
};

/// An interface that the file names for a VIP.
struct InterfaceHere {
  InterfaceName name;
  bool present = false;
  bool carrier = false;
  bool ethernet = false;
  bool port = false;  ///< of a bridge or bond
  std::vector<AddressHere> addresses{};
  int arp_ignore = 0;                ///< as it counts: the larger of "all" and its own
  int rp_filter = 0;                 ///< likewise
  bool ipv6 = true;                  ///< the kernel has it, and it isn't disabled here
  bool networkd_configures = false;  ///< systemd-networkd
  bool networkd_keeps = false;       ///< and is told to keep what it doesn't know
  bool network_manager_has = false;  ///< NetworkManager runs, and the interface is not unmanaged
};

/// A socket that is bound to a port.
struct BoundSocket {
  bool udp = false;
  Endpoint at;
  std::string process{};  ///< its name; empty: not known
};

struct ApiServerHere {
  std::string name;       ///< "kube-mast01:6443"
  std::string trouble{};  ///< why it could not be asked; empty: it answered
  bool speaks_tls = false;
  std::set<IpAddress> certified{};  ///< the VIPs that its certificate names
  std::optional<std::int64_t> certificate_hours_left{};
};

/// A member of the etcd that has the third vote.
struct EtcdMemberHere {
  Endpoint at;
  std::string trouble{};       ///< why it doesn't answer; empty: it does
  std::uint64_t store = 0;     ///< which etcd it is of
  Duration slowest_commit{0};  ///< of a few; longer than the lease: none was in time
};

/// What a hapxd that runs here says.
struct Running {
  std::string version;
  std::vector<NodeName> unheard{};  ///< nodes that it takes for offline
};

struct Facts {
  std::string config_file;
  std::vector<std::string> config_refusals{};
  bool config_writable_by_others = false;
  std::optional<ClusterConfig> config{};
  std::optional<NodeName> self{};
  std::string self_refusal{};

  bool is_root = false;
  std::string key_refusal{};  ///< empty: it is good, or could not be looked at
  bool key_seen = false;

  std::string version;  ///< of this program
  std::string kernel_release{};
  std::uint64_t bounding_set = 0;  ///< capabilities that a process here may have at most
  Attempt fence{};                 ///< loading the BPF programs and putting them on an interface
  Attempt freebind{};              ///< binding to an address that isn't here
  bool nonlocal_bind = false;

  std::vector<InterfaceHere> interfaces{};
  /// Of the default route; empty: there is none.
  InterfaceName default_interface{};
  std::vector<BoundSocket> sockets{};
  std::optional<bool> clock_synchronised{};
  /// Names of running programs that hold virtual addresses, too.
  std::set<std::string> other_managers{};

  std::string haproxy_version{};  ///< "2.6.12-1+deb12u4"; empty: not found
  std::string haproxy_trouble{};
  std::vector<ApiServerHere> api_servers{};
  std::vector<EtcdMemberHere> etcd{};
  std::optional<Running> running{};
};

}  // namespace hapx::appliance::doctor
