// SPDX-License-Identifier: Apache-2.0
// What does a member remember?
#include "config/archive.hpp"
#include "membership/member_state.hpp"

namespace hapx::membership {

void Member::archive(ArchiveWriter& kept) const {
  state_->archive(kept);
}

void Member::archive(ArchiveReader& kept) {
  state_->archive(kept);
}

}  // namespace hapx::membership
