// SPDX-License-Identifier: Apache-2.0
// Why has hapx no word for this one?
//
// The words of other systems that mean nothing to hapx, each with its reason in a sentence, sorted
// by where they stand. A word that is in no table is unknown, and is said to be.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hapx::appliance::imports {

struct Reason {
  std::string_view word;  ///< "garp_*" stands for all that begin so
  std::string_view why;
};

using Reasons = std::span<const Reason>;

/// The sentence of the first that fits, or that the word is unknown here.
[[nodiscard]] std::string why_not(Reasons reasons, std::string_view word);

namespace reasons {

extern const Reasons corosync_sections;  ///< at the top of corosync.conf
extern const Reasons corosync_totem;
extern const Reasons corosync_quorum;
extern const Reasons corosync_node;

extern const Reasons cib_properties;  ///< of the cluster
extern const Reasons cib_agents;      ///< by the last part of their names: "haproxy"
extern const Reasons cib_address;     ///< the parameters of IPaddr2
extern const Reasons cib_meta;        ///< of resources
extern const Reasons cib_elements;    ///< what stands beside resources: order, fencing_topology

extern const Reasons keepalived_blocks;  ///< at the top of keepalived.conf
extern const Reasons keepalived_instance;
extern const Reasons keepalived_address;  ///< behind an address

extern const Reasons haproxy_sections;
extern const Reasons haproxy_global;
extern const Reasons haproxy_lines;   ///< of defaults, frontend, backend and listen
extern const Reasons haproxy_server;  ///< behind a server's address

}  // namespace reasons

}  // namespace hapx::appliance::imports
