// SPDX-License-Identifier: Apache-2.0
// Who may see HAProxy's own page?
//
// A file with a line for each: a name, a colon, and a password or its hash as crypt(5) writes it
// (what `openssl passwd -6` and `htpasswd -nbB` print). Lines that begin with '#' say nothing.
// No refusal repeats what stands behind a colon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"

namespace hapx {

struct StatsUser {
  std::string name;
  std::string secret;
  bool hashed = false;  ///< `secret` is a hash

  friend bool operator==(const StatsUser&, const StatsUser&) = default;
};

inline constexpr std::size_t credentials_bytes_max = 16 * 1024;

/// At least one. Total on any bytes.
[[nodiscard]] Result<std::vector<StatsUser>> parse_credentials(std::string_view text);

}  // namespace hapx
