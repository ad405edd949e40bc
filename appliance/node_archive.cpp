// SPDX-License-Identifier: Apache-2.0
// What does a node remember?
#include "appliance/node_state.hpp"
#include "config/archive.hpp"

namespace hapx::appliance {

const NodeOptions& Node::options() const {
  return state_->options;
}

void Node::archive(ArchiveWriter& kept) const {
  state_->archive(kept);
}

void Node::archive(ArchiveReader& kept) {
  state_->archive(kept);
}

}  // namespace hapx::appliance
