// SPDX-License-Identifier: Apache-2.0
// Who coordinates, as far as we know, and is it our turn to try?
//
// The coordinator says so with every beat. While somebody does, nobody else tries. When nobody
// does, the nodes that are there try in the file's order, each half a heartbeat after the one
// before it: so usually one tries and is done before the next would. Only a guess about politeness:
// two that try at once cost a few milliseconds, the lease decides.
#pragma once

#include <algorithm>
#include <optional>

#include "config/archived.hpp"
#include "config/time.hpp"
#include "membership/ballot.hpp"

namespace hapx::membership {

class CoordinatorWatch {
 public:
  /// The coordinator said so itself. It is believed until `until`, when its lease is over.
  void heard(const Ballot& ballot, Instant until) {
    if (known_ && known_->first_hand && ballot < known_->ballot) return;
    known_ = Known{ballot, until, true};
  }
  /// A peer heard it say so. Counts only if we know of none, and never against what we heard.
  void heard_from_others(const Ballot& ballot, Instant until, Instant now) {
    if (released_ && ballot <= *released_) return;
    if (current(now) && (known_->first_hand || ballot < known_->ballot)) return;
    known_ = Known{ballot, until, false};
  }
  void released(const Ballot& ballot) {
    released_ = released_ ? std::max(*released_, ballot) : ballot;
    if (known_ && known_->ballot <= ballot) known_.reset();
  }
  /// That node has said good-bye: it coordinates no more.
  void left(const NodeName& node) {
    if (known_ && known_->ballot.node == node) released(known_->ballot);
  }

  struct Known {
    Ballot ballot;  ///< its node is the coordinator
    Instant until;
    bool first_hand = false;
  };
  [[nodiscard]] const Known* current(Instant now) const {
    return known_ && now < known_->until ? &*known_ : nullptr;
  }

  /// When to try, given that nobody coordinates and a majority is there. `rank`: how many of those
  /// who are there stand before us in the file.
  [[nodiscard]] Instant turn(unsigned rank, Duration heartbeat, Instant now) {
    if (!vacant_since_) vacant_since_ = now;
    return *vacant_since_ + heartbeat / 2 * rank;
  }
  /// Somebody coordinates, or we may not try.
  void not_vacant() { vacant_since_.reset(); }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(known_, released_, vacant_since_);
  }

  std::optional<Known> known_;
  std::optional<Ballot> released_;  ///< the highest
  std::optional<Instant> vacant_since_;
};

}  // namespace hapx::membership
