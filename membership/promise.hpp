// SPDX-License-Identifier: Apache-2.0
// What may a voter answer for one key, by what it has promised of it?
//
// The rules of voting as pure functions: they take what is remembered of a key, and say the answer
// and what is to be remembered before it leaves. Where that is kept is somebody else's: in a file
// of this node (voter), or in the store of an arbiter that both nodes write (arbiter). Knows
// neither a majority nor who ought to have the key.
//
// For each key:   free --proposal--> promised to a session --T over, or its release--> free
//                                      ^-- proposal of the same session: never shorter --+
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "config/time.hpp"
#include "membership/ballot.hpp"
#include "membership/message.hpp"

namespace hapx::membership {

/// Longest name of a node or a cluster that a slot (and a datagram) has room for.
inline constexpr std::size_t name_bytes_max = 64;
/// Longest text of a key: an IPv6 address has at most 45 bytes.
inline constexpr std::size_t key_bytes_max = 46;
/// A voter remembers the last releases of this many sessions per key.
inline constexpr std::size_t retired_max = 4;

/// What a voter accepted: `session` may act under `ballot`; nobody else is promised the key until
/// `expiry` on this voter's clock.
struct Accepted {
  Ballot ballot;
  BootId boot;  ///< with ballot.node: the session
  std::uint64_t sequence = 0;
  Instant expiry;

  [[nodiscard]] Session session() const { return {ballot.node, boot}; }

  friend bool operator==(const Accepted&, const Accepted&) = default;
};

/// A session gave up this ballot and all its lower ones.
struct Retired {
  Ballot ballot;
  BootId boot;

  friend bool operator==(const Retired&, const Retired&) = default;
};

/// Everything a voter knows of one key.
struct Promise {
  LeaseKey key;
  Ballot promised;  ///< nothing below it is accepted; round 0: nothing promised yet
  std::optional<Accepted> accepted;
  std::vector<Retired> retired;  ///< at most retired_max, oldest first

  friend bool operator==(const Promise&, const Promise&) = default;
};

/// An answer, and what has to be remembered before it leaves; absent: nothing is new.
template <class Answer>
struct Judged {
  std::optional<Promise> remember;
  Answer answer;
};

[[nodiscard]] Judged<PrepareAnswer> judge(Promise promise, const Prepare& prepare,
                                          const Session& from, Instant now);
[[nodiscard]] Judged<ProposalAnswer> judge(Promise promise, const Proposal& proposal,
                                           const Session& from, Instant now);
/// What is left of the promise.
[[nodiscard]] Promise released(Promise promise, const Release& release, const Session& from);
/// Whether that session has given this ballot up.
[[nodiscard]] bool is_retired(const Promise& promise, const Ballot& ballot, const Session& session);

}  // namespace hapx::membership
