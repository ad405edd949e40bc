// SPDX-License-Identifier: Apache-2.0
// Who makes hardware addresses like this one?
//
// By their first three bytes (the OUI, RFC 7042): virtual machines' are known by heart, all else is
// looked up in systemd's list (20-OUI.hwdb), which is on nearly every machine.
#pragma once

#include <string>
#include <string_view>

namespace hapx::appliance::cli {

/// "QEMU or KVM", or "" for one that is no virtual machine's. `mac` is "52:54:00:12:34:56".
[[nodiscard]] std::string virtual_vendor(std::string_view mac);

/// What the list says of it: the line behind "OUI:525400*"; "" if it says nothing.
[[nodiscard]] std::string vendor_in(std::string_view list, std::string_view mac);

}  // namespace hapx::appliance::cli
