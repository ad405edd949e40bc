// SPDX-License-Identifier: Apache-2.0
// With which words is hapxd started?
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hapx::appliance {

/// One program, three processes; the operator starts the keeper, the keeper the other two. Or a
/// service manager starts both keepers, each under a user of its own (`haproxy_dir`).
enum class HapxdRole { keeper, daemon, haproxy_keeper };

struct HapxdOptions {
  HapxdRole role = HapxdRole::keeper;
  std::string config_file = "/etc/hapx/hapx.yaml";
  std::optional<std::string> node;  ///< absent: found by host name or address
  std::string state_dir = "/var/lib/hapx";
  std::string run_dir = "/run/hapx";
  std::string haproxy = "haproxy";  ///< program, looked up in PATH
  std::string bird_socket = "/run/bird/bird.ctl";
  /// Where HAProxy's keeper lives that somebody else starts; absent: ours does, in `run_dir`.
  std::optional<std::string> haproxy_dir;
};

/// There is nothing to run: print `text`, exit with `status` (0 for --help, 1 for wrong words).
struct HapxdUsage {
  int status = 0;
  std::string text;
};

[[nodiscard]] std::variant<HapxdOptions, HapxdUsage> read_hapxd_options(
    const std::vector<std::string>& words, const std::string& version);

}  // namespace hapx::appliance
