// SPDX-License-Identifier: Apache-2.0
// What do hapxd and HAProxy's keeper say to each other?
//
// One packet per message on a local SOCK_SEQPACKET socket; a config travels beside its packet as a
// descriptor of a file in memory, so packets stay small. The keeper outlives hapxd, also across
// upgrades, so the format begins with its version and both sides are total on any bytes.
//
//   "hxk" version(1) kind(1) generation(8) ...              integers little-endian
//   to the keeper:   check, start: count(1) x { length(1) variable, family(1) address(16) port(2) }
//                    retire: patience in ms(8)               kill: nothing more
//   from the keeper: connected: pid(4), 0 if nothing runs; sockets as above; count(1) x {
//   generation(8) }
//                    started: pid(4)
//                    accepted: nothing more                  refused, start failed, exited: text
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/result.hpp"
#include "lb-supervisor/action.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::lb_supervisor {

/// Limit: twice as many as a validated config has VIPs: each may have a stats page.
inline constexpr std::size_t sockets_max = 128;
/// Limit: those that drain, and those that were killed and are not gone yet.
inline constexpr std::size_t draining_told_max = 16;
inline constexpr std::size_t variable_bytes_max = 64;
inline constexpr std::size_t reason_bytes_max = 1024;
inline constexpr std::size_t message_bytes_max = 16'384;
inline constexpr std::size_t config_bytes_max = std::size_t{4} << 20U;

using KeeperRequest = std::variant<CheckHaproxyConfig, StartHaproxy, RetireHaproxy, KillHaproxy>;
using KeeperAnswer = std::variant<KeeperConnected, HaproxyConfigAccepted, HaproxyConfigRefused,
                                  HaproxyStarted, HaproxyStartFailed, HaproxyExited>;

/// Without the config, which travels beside it.
/// REQUIRES: at most sockets_max sockets, each with a variable that decode_request would accept.
[[nodiscard]] std::vector<std::uint8_t> encode(const KeeperRequest& request);
/// Reasons are cut at reason_bytes_max.
[[nodiscard]] std::vector<std::uint8_t> encode(const KeeperAnswer& answer);

/// Refuses what is not a whole message of ours, to the byte. A variable's name begins with "HAPX_"
/// and goes on with capitals, digits and '_', so that none can change how programs behave.
[[nodiscard]] Result<KeeperRequest> decode_request(const std::vector<std::uint8_t>& bytes);
[[nodiscard]] Result<KeeperAnswer> decode_answer(const std::vector<std::uint8_t>& bytes);

}  // namespace hapx::lb_supervisor
