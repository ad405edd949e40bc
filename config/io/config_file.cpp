// SPDX-License-Identifier: Apache-2.0
#include "config/io/config_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"
#include "config/io/regular_file.hpp"

namespace hapx {
namespace {

constexpr mode_t everybody_reads = 0644;

/// 0, or the errno of what went wrong.
int write_and_sync(int file, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(file, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  // The umask can only take rights away; this gives them.
  if (::fchmod(file, everybody_reads) != 0) return errno;
  return ::fsync(file) == 0 ? 0 : errno;
}

}  // namespace

Result<std::string> read_config_file(const std::string& path) {
  return read_regular_file(path, "the configuration", config_file_bytes_max);
}

Result<void> write_new_config_file(const std::string& path, const std::string& text) {
  // Written beside its place and then linked there: link(2) never replaces what is there.
  std::string draft = path + ".XXXXXX";
  const Descriptor file(::mkostemp(draft.data(), O_CLOEXEC));
  if (!file.is_open()) return system_error(errno, "cannot write " + path);
  int error_number = write_and_sync(file.number(), text);
  if (error_number == 0 && ::link(draft.c_str(), path.c_str()) != 0) error_number = errno;
  ::unlink(draft.c_str());
  if (error_number == EEXIST) {
    return Error{ErrorKind::exists,
                 path + " exists already and is never overwritten; remove it first, or edit it",
                 EEXIST};
  }
  if (error_number != 0) return system_error(error_number, "cannot write " + path);
  return {};
}

}  // namespace hapx
