// SPDX-License-Identifier: Apache-2.0
// Where does this node's copy of the record lie, and who waits for the disk?
//
// In one small file of the state directory, which is replaced as a whole, with another beside it
// that says who votes. A disk takes milliseconds, or seconds, or for ever; the loop waits for none
// of that. A thread of this door does, for one store at a time, and its outcome comes back as an
// event.
//
// Threading: open() and store() on the thread of the io_context, and the handler is called there.
// The thread of the disk touches nothing but what it was handed. If a store never ends, neither
// does that thread: it is left alone, and ends with the process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

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

  [[nodiscard]] static Result<RecordFile> open(boost::asio::io_context& context,
                                               std::string directory,
                                               std::function<void(Outcome)> handler);
  ~RecordFile();
  RecordFile(RecordFile&&) noexcept;
  RecordFile& operator=(RecordFile&&) noexcept;

  /// Limit: one store at a time; one more while that is under way is answered as failed.
  void store(const StoreRecord& action);

 private:
  struct Shared;
  struct State;
  explicit RecordFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hapx::membership
