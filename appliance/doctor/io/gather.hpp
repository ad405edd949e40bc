// SPDX-License-Identifier: Apache-2.0
// What is this machine like?
//
// Gathers the Facts that doctor judges. It looks and tries, and leaves nothing changed; whatever
// can't be looked at is left out.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "appliance/doctor/facts.hpp"

namespace hapx::appliance::doctor {

struct GatherOptions {
  std::string config_file;
  std::optional<std::string> node;  ///< who this machine is; absent: found by host name or address
  std::string version;
  std::optional<Running> running;  ///< asked by the caller
};

/// Called with what is being done, at least every 100 ms while that takes long.
using Progress = std::function<void(const std::string& doing)>;

[[nodiscard]] Facts gather(const GatherOptions& options, const Progress& progress);

}  // namespace hapx::appliance::doctor
