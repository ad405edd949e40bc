// SPDX-License-Identifier: Apache-2.0
// How does any machine look at the service as a drill's client does?
//
// `hapx probe`: beside a drill that is done elsewhere, an upgrade, a night. It needs no hapxd, no
// file and no right, only the address.
#pragma once

#include <optional>
#include <ostream>

#include "appliance/lab/io/verbs.hpp"
#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

/// Limit: it looks for an hour at most.
inline constexpr Duration probe_max = std::chrono::hours(1);

struct ProbeOptions {
  Endpoint endpoint;
  Duration length = probe_max;          ///< or until Ctrl-C
  std::optional<Duration> objective{};  ///< the longest outage that will do
  lab::Output output = lab::Output::text;
};

/// 0: it was served within the objective; 1: it was not, or nothing could be asked.
[[nodiscard]] int run_probe(const ProbeOptions& options, std::ostream& out, std::ostream& err);

}  // namespace hapx::appliance::drill
