// SPDX-License-Identifier: Apache-2.0
// How do lines go to and fro between a drill and its agents?
//
// Both ends of a pipe, read and written in whole lines. The reader gives up at an instant that it
// is told, at the end of what it is sent, and at a line that is too long to be one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

class LinePipe {
 public:
  /// Descriptors of somebody else, who closes them; they may be the same. Limit: `bytes_max` a
  /// line.
  LinePipe(int in, int out, std::size_t bytes_max) : in_(in), out_(out), bytes_max_(bytes_max) {}

  /// Without its newline; nothing when `until` has come first, or a signal. An Error: there will be
  /// no more.
  [[nodiscard]] Result<std::optional<std::string>> read(Instant until);

  /// REQUIRES SIGPIPE ignored.
  [[nodiscard]] Result<void> write(std::string_view line) const;

 private:
  [[nodiscard]] std::optional<std::string> take_line();

  int in_;
  int out_;
  std::size_t bytes_max_;
  std::string pending_;
  std::size_t looked_ = 0;  ///< so much of it has no newline
};

}  // namespace hapx::appliance::drill
