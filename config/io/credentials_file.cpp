// SPDX-License-Identifier: Apache-2.0
#include "config/io/credentials_file.hpp"

#include "config/io/regular_file.hpp"

namespace hapx {

Result<std::vector<StatsUser>> read_credentials_file(const std::string& path) {
  const auto text = read_regular_file(path, "the credentials", credentials_bytes_max,
                                      not_for_everybody(path, "its passwords are no secret"));
  if (!text) return text.error();
  auto users = parse_credentials(*text);
  if (!users) return Error{users.error().kind, path + ": " + users.error().sentence, 0};
  return users;
}

}  // namespace hapx
