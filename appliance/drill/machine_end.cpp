// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/machine_end.hpp"

namespace hapx::appliance::drill {
namespace {

/// PROC_PID_INIT_INO, include/linux/proc_ns.h: the machine's own process namespace.
constexpr const char* first_processes = "pid:[4026531836]";

}  // namespace

Result<MachineEnd> machine_end(const Whereabouts& here) {
  if (here.own_network.empty() || here.own_processes.empty() ||
      here.own_network != here.init_network) {
    return Error{ErrorKind::refused,
                 "this node is only a part of a machine, and the machine is not its own to end", 0};
  }
  return here.own_processes == first_processes ? MachineEnd::by_sysrq : MachineEnd::by_reboot;
}

}  // namespace hapx::appliance::drill
