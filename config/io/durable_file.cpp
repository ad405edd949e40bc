// SPDX-License-Identifier: Apache-2.0
#include "config/io/durable_file.hpp"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"

namespace hapx {

namespace {

Result<void> write_all(int descriptor, std::span<const std::uint8_t> bytes,
                       const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error(errno, "cannot write " + what);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  if (::fsync(descriptor) != 0) return system_error(errno, "cannot sync " + what);
  return {};
}

}  // namespace

Result<void> write_durably(const std::string& folder, const std::string& name,
                           std::span<const std::uint8_t> bytes) {
  const std::string path = folder + "/" + name;
  const std::string draft = path + ".new";
  {
    const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.is_open()) return system_error(errno, "cannot write " + draft);
    const auto written = write_all(file.number(), bytes, draft);
    if (!written) return written;
  }
  if (::rename(draft.c_str(), path.c_str()) != 0)
    return system_error(errno, "cannot write " + path);
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.number()) != 0)
    return system_error(errno, "cannot sync " + folder);
  return {};
}

}  // namespace hapx
