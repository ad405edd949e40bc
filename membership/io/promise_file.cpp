// SPDX-License-Identifier: Apache-2.0
#include "membership/io/promise_file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/assert.hpp"
#include "config/io/descriptor.hpp"
#include "config/io/durable_file.hpp"

namespace hapx::membership {

namespace {

constexpr std::size_t marker_bytes_max = 4096;

/// Everything up to `max` bytes from the beginning.
Result<std::vector<std::uint8_t>> read_all(int descriptor, std::size_t max,
                                           const std::string& what) {
  std::vector<std::uint8_t> bytes(max);
  std::size_t length = 0;
  while (length < max) {
    const ssize_t got =
        ::pread(descriptor, bytes.data() + length, max - length, static_cast<off_t>(length));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read " + what);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  bytes.resize(length);
  return bytes;
}

/// Absent: there is none. What can't be read is an empty text: no marker, but not nothing either.
std::optional<std::string> read_marker(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return std::string();
  }
  const auto bytes = read_all(file.number(), marker_bytes_max, path);
  if (!bytes) return std::string();
  return std::string(bytes->begin(), bytes->end());
}

}  // namespace

PromiseFile::PromiseFile(PromiseFile&& other) noexcept
    : descriptor_(std::move(other.descriptor_)), bytes_(std::exchange(other.bytes_, nullptr)) {}

PromiseFile& PromiseFile::operator=(PromiseFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

PromiseFile::~PromiseFile() {
  if (bytes_ != nullptr) ::munmap(bytes_, promise_file_bytes);
}

Result<PromiseFile> PromiseFile::map(int descriptor) {
  PromiseFile file;
  file.descriptor_ = Descriptor(descriptor);
  // Every block is reserved now: a full file system is an error here, and not a SIGBUS later.
  const int error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(promise_file_bytes));
  if (error != 0) return system_error(error, "cannot make room for the voter's memory");
  void* bytes =
      ::mmap(nullptr, promise_file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (bytes == MAP_FAILED) return system_error(errno, "cannot map the voter's memory");
  file.bytes_ = static_cast<std::uint8_t*>(bytes);
  return file;
}

void PromiseFile::store(const StorePromise& promise) {
  HAPX_ASSERT(bytes_ != nullptr && promise.slot < promise_slots);
  HAPX_ASSERT(promise.bytes.size() == promise_slot_bytes);
  std::memcpy(bytes_ + promise.slot * promise_slot_bytes, promise.bytes.data(), promise_slot_bytes);
  // The answer that rests on this may not overtake it.
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void PromiseFile::write(const PromiseMemory& memory) {
  HAPX_ASSERT(bytes_ != nullptr);
  const std::vector<std::uint8_t> image = memory.encode();
  std::memset(bytes_, 0, promise_slot_bytes);
  bytes_[0] = 'x';  // not nothing: unreadable
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::memcpy(bytes_ + promise_slot_bytes, image.data() + promise_slot_bytes,
              promise_file_bytes - promise_slot_bytes);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::memcpy(bytes_, image.data(), promise_slot_bytes);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

Result<OpenedVoter> open_voter(const std::string& run_directory, const std::string& state_directory,
                               const VoterIdentity& self, Instant now, int inherited) {
  const std::string path = run_directory + "/" + promise_file_name;
  int descriptor = inherited;
  if (descriptor < 0) descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_error(errno, "cannot open " + path);
  auto found_bytes = read_all(descriptor, promise_file_bytes + 1, path);
  auto mapped = PromiseFile::map(descriptor);
  if (!found_bytes) return found_bytes.error();
  if (!mapped) return mapped.error();

  FoundMemory found;
  if (!found_bytes->empty()) found.mapped = std::move(*found_bytes);
  found.marker = read_marker(state_directory + "/" + voter_marker_name);
  OpenedVoter opened{std::move(*mapped), recall(found, self, now)};
  const Recollection& recollection = opened.recollection;
  if (recollection.write_file) {
    if (::ftruncate(descriptor, static_cast<off_t>(promise_file_bytes)) != 0)
      return system_error(errno, "cannot set the length of " + path);
    opened.file.write(recollection.memory);
  }
  if (recollection.write_marker) {
    const std::string marker = encode_marker(self);
    const auto written =
        write_durably(state_directory, voter_marker_name,
                      {reinterpret_cast<const std::uint8_t*>(marker.data()), marker.size()});
    if (!written) return written.error();
  }
  return opened;
}

}  // namespace hapx::membership
