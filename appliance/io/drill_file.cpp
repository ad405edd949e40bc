// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/drill_file.hpp"

#include <cstdint>
#include <span>

#include "appliance/api.hpp"
#include "config/io/durable_file.hpp"
#include "config/io/regular_file.hpp"

namespace hapx::appliance {

Result<std::optional<PastDrill>> read_kept_drill(const std::string& state_dir) {
  const std::string path = state_dir + "/" + kept_drill_name;
  const auto text =
      read_regular_file(path, "what is remembered of the last drill", api_body_bytes_max);
  if (!text && text.error().kind == ErrorKind::absent) return std::optional<PastDrill>();
  if (!text) return text.error();
  auto drill = remembered_drill_from_json(*text);
  if (!drill) return Error{ErrorKind::refused, path + ": " + drill.error().sentence, 0};
  return std::optional(std::move(*drill));
}

Result<void> keep_drill(const std::string& state_dir, const std::string& document) {
  return write_durably(state_dir, kept_drill_name,
                       {reinterpret_cast<const std::uint8_t*>(document.data()), document.size()});
}

}  // namespace hapx::appliance
