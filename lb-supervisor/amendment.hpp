// SPDX-License-Identifier: Apache-2.0
// What has to be changed in a HAProxy that runs, so that it is as if it had begun with another
// text?
//
// Its servers can be, and nothing else: it takes new ones and gives up old ones over its runtime
// socket, and no connection is touched by that (HAProxy 2.6, management.txt, "add server", "set
// server state", "del server"). So the texts are compared without their servers, and what is to be
// done follows from what HAProxy says of itself: it may have been changed before, by us or by hand.
//
//   absent --add--> here, down until its checks succeed      set aside --ready--> as it was
//   not wanted, takes connections --drain--> has connections --(they end)--> none --remove--> gone
//
// What is not wanted any more takes connections until one that is wanted does.
// A host name can't be added so: HAProxy looks names up only as it begins.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb-supervisor/action.hpp"
#include "lb-supervisor/event.hpp"

namespace hapx::lb_supervisor {

/// A text of render(), taken apart.
struct TextWithServers {
  struct Server {
    std::string name;     ///< as it is written
    std::string address;  ///< likewise: "ipv4@192.168.4.11:6443", or a host name and a port
    friend bool operator==(const Server&, const Server&) = default;
  };
  struct Backend {
    std::string name;     ///< as it is written
    std::string options;  ///< what `add server` needs to know of its default-server
    std::vector<Server> servers;
  };

  std::string rest;               ///< all but the servers
  std::vector<Backend> backends;  ///< in the order of the text
};

/// Nothing if some server is told in words that are not render()'s, or has options that can't be
/// said over a socket: an operator's lines, a path with a blank in it.
[[nodiscard]] std::optional<TextWithServers> take_apart(std::string_view text);

/// They differ in servers alone, and those that are new have addresses.
[[nodiscard]] bool can_become(const TextWithServers& from, const TextWithServers& to);

/// Limit: so many changes at once fit into HAProxy's buffer (16 KiB).
inline constexpr std::size_t changes_max = 16;

/// What is still to be done, by HAProxy's own word; the first `changes_max` of it.
[[nodiscard]] std::vector<ServerChange> changes_towards(const TextWithServers& wanted,
                                                        const std::vector<BackendHealth>& told);

/// What HAProxy's runtime socket is told for them, in one line.
[[nodiscard]] std::string to_commands(const std::vector<ServerChange>& changes);

/// Without the servers that are not wanted and still have connections.
[[nodiscard]] std::vector<BackendHealth> only_wanted(const TextWithServers& wanted,
                                                     std::vector<BackendHealth> told);

}  // namespace hapx::lb_supervisor
