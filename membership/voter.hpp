// SPDX-License-Identifier: Apache-2.0
// May this session have the key, as far as this voter is concerned?
//
// A voter is a cautious witness: it promises a key to one session at a time, for a time measured on
// its own clock, and forgets a promise only when that time is over or the holder itself gives it
// up. It never looks around, knows no majority, and does not care who ought to have the key. All
// its answers follow from what it remembers (promise, promise_memory), and what it remembers is
// stored before the answer leaves: the StorePromise in a Ballotage stands before the answer.
#pragma once

#include <optional>
#include <vector>

#include "config/archived.hpp"
#include "config/time.hpp"
#include "membership/message.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::membership {

/// What a voter says. Absent: it has no room to remember the key, and says nothing.
template <class Answer>
struct Ballotage {
  std::optional<StorePromise> store;
  std::optional<Answer> answer;
};

class Voter {
 public:
  /// Keys in `wanted` are never forgotten. Until `abstain_until` it votes for nobody.
  Voter(PromiseMemory memory, std::vector<LeaseKey> wanted, Instant abstain_until);

  [[nodiscard]] Ballotage<PrepareAnswer> prepare(const Prepare& prepare, const Session& from,
                                                 Instant now);
  [[nodiscard]] Ballotage<ProposalAnswer> propose(const Proposal& proposal, const Session& from,
                                                  Instant now);
  [[nodiscard]] std::optional<StorePromise> release(const Release& release, const Session& from,
                                                    Instant now);
  [[nodiscard]] StorePromise abstain(Instant until);
  /// Whether this voter has heard the release of the lease that another voter still tells.
  [[nodiscard]] bool is_released(const LeaseKey& key, const LeaseTold& told) const;

  [[nodiscard]] const PromiseMemory& memory() const { return memory_; }
  [[nodiscard]] bool abstaining(Instant now) const { return now < abstain_until_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(memory_, abstain_until_);
  }

  [[nodiscard]] Promise recalled(const LeaseKey& key) const;
  template <class Answer>
  [[nodiscard]] Ballotage<Answer> stored(Judged<Answer> judged, Instant now);

  PromiseMemory memory_;
  std::vector<LeaseKey> wanted_;
  Instant abstain_until_;
};

}  // namespace hapx::membership
