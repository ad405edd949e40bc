// SPDX-License-Identifier: Apache-2.0
#include "config/io/config_file.hpp"

#include "config/io/regular_file.hpp"

namespace hapx {

Result<std::string> read_config_file(const std::string& path) {
  return read_regular_file(path, "the configuration", config_file_bytes_max);
}

}  // namespace hapx
