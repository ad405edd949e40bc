// SPDX-License-Identifier: Apache-2.0
#include "membership/io/record_file.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "config/io/descriptor.hpp"
#include "config/io/durable_file.hpp"
#include "membership/record.hpp"
#include "membership/voters_file.hpp"

namespace hapx::membership {

namespace {

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT) return std::vector<std::uint8_t>();
  if (!file.is_open()) return system_error(errno, "cannot open " + path);
  std::vector<std::uint8_t> bytes(bytes_max + 1);  // a longer one is none of ours
  std::size_t length = 0;
  while (length < bytes.size()) {
    const ssize_t got = ::read(file.number(), bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read " + path);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace

Result<std::vector<std::uint8_t>> read_record_file(const std::string& directory) {
  return read_file(directory + "/" + record_file_name, record_bytes_max);
}

Result<std::vector<std::uint8_t>> read_voters_file(const std::string& directory) {
  return read_file(directory + "/" + voters_file_name, voters_bytes_max);
}

RecordFile::RecordFile(DiskThread& disk, std::string directory,
                       std::function<void(Outcome)> handler)
    : disk_(disk), directory_(std::move(directory)), handler_(std::move(handler)) {}

void RecordFile::store(const StoreRecord& action) {
  if (is_under_way_) {
    const Error busy{ErrorKind::unavailable, "an earlier store of the record is still under way"};
    return handler_(RecordStoreFailed{action.ticket, busy});
  }
  is_under_way_ = true;
  disk_.run(
      [directory = directory_, action]() -> Result<void> {
        if (!action.voters.empty()) {
          auto written = write_durably(directory, voters_file_name, action.voters);
          if (!written) return written;
        }
        return write_durably(directory, record_file_name, action.bytes);
      },
      [this, ticket = action.ticket](const Result<void>& written) {
        is_under_way_ = false;
        if (written) return handler_(RecordStored{ticket});
        handler_(RecordStoreFailed{ticket, written.error()});
      });
}

}  // namespace hapx::membership
