// SPDX-License-Identifier: Apache-2.0
// What does a capture file of the frames look like in which others claimed our addresses?
//
// As `tcpdump -w` writes it and `tcpdump -r` and Wireshark read it (pcap-savefile(5): magic number
// a1b2c3d4, version 2.4, link type Ethernet), in the order in which the frames were heard.
#pragma once

#include <string>

#include "appliance/status.hpp"
#include "config/time.hpp"

namespace hapx::appliance::cli {

/// `now` is when the status was made. Empty without a single frame.
[[nodiscard]] std::string capture_of(const Status& status, Utc now);

}  // namespace hapx::appliance::cli
