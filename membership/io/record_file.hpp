// SPDX-License-Identifier: Apache-2.0
// Where does this node's copy of the record lie?
//
// In one small file of the state directory, which is replaced as a whole, with another beside it
// that says who votes. The thread of the disk writes them (config/io/disk_thread), and the outcome
// comes back as an event.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "config/io/disk_thread.hpp"
#include "config/result.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::membership {

inline constexpr const char* record_file_name = "record";
inline constexpr const char* voters_file_name = "voters";

/// The bytes of the file; empty if there is none. Error: it can't be read.
[[nodiscard]] Result<std::vector<std::uint8_t>> read_record_file(const std::string& directory);
[[nodiscard]] Result<std::vector<std::uint8_t>> read_voters_file(const std::string& directory);

class RecordFile {
 public:
  using Outcome = std::variant<RecordStored, RecordStoreFailed>;

  /// `disk` outlives it, and it outlives what it gave to the disk.
  RecordFile(DiskThread& disk, std::string directory, std::function<void(Outcome)> handler);

  RecordFile(const RecordFile&) = delete;
  RecordFile& operator=(const RecordFile&) = delete;

  /// Limit: one store at a time; one more while that is under way is answered as failed.
  void store(const StoreRecord& action);

 private:
  DiskThread& disk_;
  std::string directory_;
  std::function<void(Outcome)> handler_;
  bool is_under_way_ = false;
};

}  // namespace hapx::membership
