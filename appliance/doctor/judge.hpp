// SPDX-License-Identifier: Apache-2.0
// Can this machine be a node, and what should be put right before?
//
// From facts to findings, each a sentence with what to do about it. A failure keeps hapxd from
// serving, or clients from being served; a warning is something that an operator should know; what
// was looked at and is well is said, too, so that nobody has to guess what was looked at. What each
// check knows of the field has its reason beside it.
#pragma once

#include "appliance/doctor/facts.hpp"
#include "appliance/doctor/finding.hpp"

namespace hapx::appliance::doctor {

[[nodiscard]] Findings judge(const Facts& facts);

// Its parts, each about one side of the matter.
void judge_files(const Facts& facts, Findings& findings);       ///< file, key, who this machine is
void judge_kernel(const Facts& facts, Findings& findings);      ///< and what it allows
void judge_interfaces(const Facts& facts, Findings& findings);  ///< of the VIPs
void judge_neighbours(const Facts& facts, Findings& findings);  ///< other programs, ports, clock
void judge_service(const Facts& facts, Findings& findings);     ///< HAProxy, kube-apiservers, nodes
void judge_etcd(const Facts& facts, Findings& findings);  ///< the third vote, where it has that

/// Whether this machine is to hold addresses: not if it is known to be a witness.
[[nodiscard]] bool may_hold(const Facts& facts);

}  // namespace hapx::appliance::doctor
