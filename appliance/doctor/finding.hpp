// SPDX-License-Identifier: Apache-2.0
// How does doctor tell what it found?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "appliance/table.hpp"

namespace hapx::appliance::doctor {

/// Worse ones are larger; they are doctor's exit statuses.
enum class Verdict : std::uint8_t { ok, warn, fail };

struct Finding {
  Verdict verdict = Verdict::ok;
  std::string about;     ///< one word: "kernel", "clock"
  std::string sentence;  ///< what is so
  std::string advice{};  ///< what to do; empty where all is well

  friend bool operator==(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

/// The worst of them.
[[nodiscard]] Verdict verdict_on(const Findings& findings);

/// One line each, with the advice below, and one line that sums up.
[[nodiscard]] std::string to_text(const Findings& findings, Style style);

/// {"verdict", "findings": [{"verdict", "about", "sentence", "advice"}]}
[[nodiscard]] std::string to_json(const Findings& findings);

}  // namespace hapx::appliance::doctor
