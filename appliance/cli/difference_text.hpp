// SPDX-License-Identifier: Apache-2.0
// How is told what a changed file would change?
#pragma once

#include <string>
#include <vector>

#include "config/difference.hpp"

namespace hapx::appliance::cli {

struct DiffReport {
  std::string file;
  std::vector<Difference> differences;
  /// HAProxy's own configuration would be another one, and not in its servers alone.
  bool replaces_haproxy = false;
};

/// One line per difference, then what it takes to bring them about.
[[nodiscard]] std::string to_text(const DiffReport& report);

/// {"file", "same", "reload", "changesWhoVotes", "replacesHaproxy", "differences": [{"path",
/// "before", "after", "reload"}]}; `reload` says whether `systemctl reload hapxd` takes it.
[[nodiscard]] std::string to_json(const DiffReport& report);

}  // namespace hapx::appliance::cli
