// SPDX-License-Identifier: Apache-2.0
#include "config/io/credentials_file.hpp"

#include <optional>

#include <sys/stat.h>

#include "config/io/regular_file.hpp"

namespace hapx {

Result<std::vector<StatsUser>> read_credentials_file(const std::string& path) {
  const auto check = [&](const struct stat& status) -> std::optional<Error> {
    if ((status.st_mode & S_IRWXO) == 0) return std::nullopt;
    return Error{ErrorKind::refused,
                 path + " is open to everybody, so its passwords are no secret; run `chmod 0640 " +
                     path + "`",
                 0};
  };
  const auto text = read_regular_file(path, "the credentials", credentials_bytes_max, check);
  if (!text) return text.error();
  auto users = parse_credentials(*text);
  if (!users) return Error{users.error().kind, path + ": " + users.error().sentence, 0};
  return users;
}

}  // namespace hapx
