// SPDX-License-Identifier: Apache-2.0
// Has anybody else the address, as far as asking can tell?
//
// Like somebody who knocks three times before he moves in. A lease proves that no node of the
// cluster holds the address; it proves nothing about other hosts. So who comes to an address that
// none of ours had a moment ago asks first, without claiming anything (RFC 5227, 2.1; RFC 4862,
// 5.4), and takes it when nobody has answered. Whoever answers, or asks for himself, is waited for.
//
// Three questions over one lease, so that the first start of a cluster costs no more than a
// failover. RFC 5227's pauses of seconds are made for links that are still coming up, and for hosts
// that would not notice a conflict afterwards; vip/rivals does.
// This file knows only the times; the bytes are in vip/claim.
#pragma once

#include <optional>

#include "config/archived.hpp"
#include "config/time.hpp"

namespace hapx::vip {

class Probing {
 public:
  static constexpr unsigned probes = 3;
  /// After somebody was heard it is asked again so much later.
  static constexpr Duration again_after = std::chrono::seconds(1);

  /// Over `length`, of which a third passes after each question.
  explicit Probing(Duration length = {}) : gap_(length / probes) {}

  /// The first question is due at `at`.
  void begin(Instant at);
  /// True if a question is due; the next one is only when this one was sent, or could not be.
  [[nodiscard]] bool take_due(Instant now);
  void sent(Instant now);
  void failed(Instant now);
  /// Somebody has it, or wants it: all begins anew.
  void answered(Instant now);

  /// All questions were sent, and the time for answers is over.
  [[nodiscard]] bool is_free(Instant now) const;
  [[nodiscard]] std::optional<Instant> next_deadline() const { return next_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(gap_, sent_, next_);
  }

  Duration gap_;
  unsigned sent_ = 0;
  std::optional<Instant> next_;  ///< of a question, or of the end; absent: one is being sent
};

}  // namespace hapx::vip
