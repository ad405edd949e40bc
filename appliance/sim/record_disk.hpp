// SPDX-License-Identifier: Apache-2.0
// What does a machine's disk do with the record?
//
// It keeps it through a loss of power, as the kernel's memory does not, and takes its time: a store
// is on disk when the disk says so, and one that was under way when its process or the power went
// may be there or not, but never by half. Beyond that a disk can be slow, refuse, say nothing at
// all, or lose what it has.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "config/time.hpp"
#include "membership/action.hpp"

namespace hapx::appliance::sim {

enum class DiskHealth : std::uint8_t {
  well,     ///< a few milliseconds for a store
  slow,     ///< up to a second
  failing,  ///< says that it can't
  hanging,  ///< says nothing, until it is something else
};

struct RecordDisk {
  DiskHealth health = DiskHealth::well;
  std::vector<std::uint8_t> file;                    ///< empty: there is none
  std::vector<std::uint8_t> voters;                  ///< likewise, the file of who votes
  std::string drill;                                 ///< likewise, of the last drill
  std::optional<membership::StoreRecord> under_way;  ///< not on it yet
  std::optional<membership::StoreRecord> hangs;      ///< goes on when the disk does

  void keep(const membership::StoreRecord& action) {
    file = action.bytes;
    if (!action.voters.empty()) voters = action.voters;
  }
  Duration clock_shift{0};  ///< of the machine's wall clock
};

}  // namespace hapx::appliance::sim
