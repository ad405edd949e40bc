// SPDX-License-Identifier: Apache-2.0
// Where does the voter's memory live?
//
// In a file of the run directory, mapped into this process: a store is a copy of one kilobyte and
// never waits, and what is stored outlives the process, because the pages are the kernel's. Beside
// it, in the state directory on disk, lies the marker that this node votes, written and synced
// before the first vote. What the bytes mean is promise_memory's business. The keeper may hold the
// file's descriptor and hand it to the next process, so that somebody who empties the run directory
// takes nothing from a running voter.
//
// Blocks (fsync) in open_voter only, which is called once, before the loop begins. Limit: does not
// survive a power loss, and need not: promise_memory notices another boot.
#pragma once

#include <cstdint>
#include <string>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"
#include "membership/action.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::membership {

class PromiseFile {
 public:
  PromiseFile() = default;
  PromiseFile(PromiseFile&& other) noexcept;
  PromiseFile& operator=(PromiseFile&& other) noexcept;
  PromiseFile(const PromiseFile&) = delete;
  PromiseFile& operator=(const PromiseFile&) = delete;
  ~PromiseFile();

  /// Maps `descriptor`, which from now on belongs to the file (also when this fails), with room for
  /// every slot.
  static Result<PromiseFile> map(int descriptor);

  /// A memory copy: can't fail, doesn't wait. REQUIRES: mapped; the slot exists.
  void store(const StorePromise& promise);
  /// Writes the whole file, the header last: killed in between it is unreadable, never wrong.
  void write(const PromiseMemory& memory);

  /// For the keeper; -1 if nothing is mapped.
  [[nodiscard]] int descriptor() const { return descriptor_.number(); }

 private:
  Descriptor descriptor_;
  std::uint8_t* bytes_ = nullptr;  ///< promise_file_bytes of them
};

struct OpenedVoter {
  PromiseFile file;
  Recollection recollection;  ///< already carried out on file and marker
};

/// Finds out what this node remembers as a voter, and makes it able to remember from now on.
/// `inherited` is the descriptor of an earlier process's file, or -1; it becomes ours. Errors: a
/// directory that can't be written; then this node must not vote, so hapxd must not run.
[[nodiscard]] Result<OpenedVoter> open_voter(const std::string& run_directory,
                                             const std::string& state_directory,
                                             const VoterIdentity& self, Instant now, int inherited);

inline constexpr const char* promise_file_name = "promises";
inline constexpr const char* voter_marker_name = "voter";

}  // namespace hapx::membership
