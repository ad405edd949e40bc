// SPDX-License-Identifier: Apache-2.0
// What can the membership room ask of the world?
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/net.hpp"
#include "config/time.hpp"

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

/// One entry of the arbiter's store that is to be written.
struct ArbiterSwap {
  std::string key;            ///< below what is ours there
  std::int64_t revision = 0;  ///< only if that is its latest; 0: only if it isn't there
  std::vector<std::uint8_t> value;

  friend bool operator==(const ArbiterSwap&, const ArbiterSwap&) = default;
};

/// Asks the arbiter's store for one transaction: if all these entries are as expected, they are
/// written, all of them; in either case everything that is ours there is told as it then is.
/// Answered once, by ArbiterAnswered or, after `patience` at the latest, by ArbiterFailed. One is
/// under way at a time.
struct AskArbiter {
  std::uint64_t ticket = 0;        ///< repeated in the answer
  std::vector<ArbiterSwap> swaps;  ///< none: only look
  Duration patience{0};

  friend bool operator==(const AskArbiter&, const AskArbiter&) = default;
};

}  // namespace hapx::membership
