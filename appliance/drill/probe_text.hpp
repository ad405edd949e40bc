// SPDX-License-Identifier: Apache-2.0
// What does `hapx probe` say?
//
// A client that asks for an address as a drill's does, for as long as somebody wants to look: a
// line for each second, and at the end what came of it all. It knows no clock and no socket.
#pragma once

#include <string>

#include "appliance/drill/outage.hpp"
#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

/// All that was seen, once it is over.
struct ProbeSummary {
  Endpoint endpoint;
  Duration lasted{};
  Service service;
  Utc dark_at;  ///< when the longest outage began; of no meaning without one
};

/// Whether a client has noticed anything: a request that failed or was late, or an outage that is
/// longer than what a client that asks every 5 ms can tell from none.
[[nodiscard]] bool is_undisturbed(const Service& service);

/// One line with its newline: "13:36:57Z  200 requests, all served, slowest 4.1 ms".
[[nodiscard]] std::string second_as_text(const Service& service, Utc begun);
/// Likewise, an object with the key "at".
[[nodiscard]] std::string second_as_json(const Service& service, Utc begun);

[[nodiscard]] std::string summary_as_text(const ProbeSummary& summary);
/// One line, an object with the one key "summary".
[[nodiscard]] std::string summary_as_json(const ProbeSummary& summary);

}  // namespace hapx::appliance::drill
