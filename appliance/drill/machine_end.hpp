// SPDX-License-Identifier: Apache-2.0
// How is the machine that we are on ended without a word?
//
// A loss of power, as near as one can come to it from inside: everything stops in the middle,
// nothing is written, nobody is told, and the machine boots again by itself. The kernel does that
// for a machine of its own; of a container only the container ends. Where others live on the same
// machine it is refused.
#pragma once

#include <string>

#include "config/result.hpp"

namespace hapx::appliance::drill {

/// Where an agent finds itself; namespaces by what /proc says of them: "net:[4026531840]".
struct Whereabouts {
  std::string own_network;
  std::string init_network;  ///< of process 1, as seen from here
  std::string own_processes;
};

enum class MachineEnd {
  by_sysrq,   ///< /proc/sysrq-trigger, "b" (Documentation/admin-guide/sysrq.rst)
  by_reboot,  ///< reboot(2), which ends a process namespace where it is called in one
};

/// Refuses a node that only lives in a network namespace of a machine, as those of a lab do.
[[nodiscard]] Result<MachineEnd> machine_end(const Whereabouts& here);

}  // namespace hapx::appliance::drill
