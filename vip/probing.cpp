// SPDX-License-Identifier: Apache-2.0
#include "vip/probing.hpp"

namespace hapx::vip {

void Probing::begin(Instant at) {
  sent_ = 0;
  next_ = at;
}

bool Probing::take_due(Instant now) {
  if (!next_ || now < *next_ || sent_ == probes) return false;
  next_.reset();
  return true;
}

void Probing::sent(Instant now) {
  if (next_) return;  // of a question before somebody was heard
  ++sent_;
  next_ = now + gap_;
}

void Probing::failed(Instant now) {
  if (!next_) next_ = now + gap_;
}

void Probing::answered(Instant now) {
  begin(now + again_after);
}

bool Probing::is_free(Instant now) const {
  return sent_ == probes && next_ && now >= *next_;
}

}  // namespace hapx::vip
