// SPDX-License-Identifier: Apache-2.0
// What can the membership room ask of the world?
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "config/net.hpp"

namespace hapx::membership {

/// Sealed bytes to a peer's heartbeat port. A loss is weather: the next beat repeats what matters.
struct SendDatagram {
  Endpoint to;
  std::vector<std::uint8_t> bytes;
  std::size_t way = 0;  ///< from which of our addresses: 0 is the node's, n its n-th link
};

/// Stores a voter's slot in the promise memory (a mapped file of the run directory).
/// Safety: carried out before any action behind it in the list, so no answer leaves unremembered.
struct StorePromise {
  std::size_t slot = 0;  ///< index; the slot's bytes start at slot * promise_slot_bytes
  std::vector<std::uint8_t> bytes;
};

/// Stores this node's copy of the record in the state directory: all of it, or nothing, and on disk
/// when it is answered by RecordStored; else RecordStoreFailed. One is under way at a time.
struct StoreRecord {
  std::uint64_t ticket = 0;  ///< repeated in the answer
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint8_t> voters{};  ///< the file of who votes, before it; empty: stays as it is
};

}  // namespace hapx::membership
