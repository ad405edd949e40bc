// SPDX-License-Identifier: Apache-2.0
#include "config/io/regular_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"

namespace hapx {
namespace {

Result<std::string> read_opened(int file, const std::string& path, const std::string& what,
                                std::size_t bytes_max, const Approve& approve) {
  struct stat status {};
  if (::fstat(file, &status) != 0)
    return system_error(errno, "cannot examine " + what + ' ' + path);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorKind::refused, what + ' ' + path + " is not a regular file; name one"};
  }
  if (approve) {
    if (auto refused = approve(status)) return *std::move(refused);
  }
  std::string text(bytes_max + 1, '\0');  // one more, to notice a file that is too large
  std::size_t count = 0;
  while (count < text.size()) {
    const auto got = ::read(file, text.data() + count, text.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read " + what + ' ' + path);
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  if (count > bytes_max) {
    return Error{ErrorKind::refused, what + ' ' + path + " is larger than " +
                                         std::to_string(bytes_max) + " bytes; name another"};
  }
  text.resize(count);
  return text;
}

}  // namespace

Approve not_for_everybody(const std::string& path, const std::string& reason) {
  return [path, reason](const struct stat& status) -> std::optional<Error> {
    if ((status.st_mode & S_IRWXO) == 0) return std::nullopt;
    return Error{ErrorKind::refused,
                 path + " is open to everybody, so " + reason + "; run `chmod 0640 " + path + "`"};
  };
}

Result<std::string> read_regular_file(const std::string& path, const std::string& what,
                                      std::size_t bytes_max, const Approve& approve) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open()) return system_error(errno, "cannot open " + what + ' ' + path);
  return read_opened(file.number(), path, what, bytes_max, approve);
}

}  // namespace hapx
