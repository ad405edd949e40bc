// SPDX-License-Identifier: Apache-2.0
// Where does the library put the parts of one datagram?
//
// Usually all on the stack: every node makes and reads dozens of datagrams a second.
#pragma once

#include <array>
#include <cstddef>

#include <google/protobuf/arena.h>

#include "message.pb.h"

namespace hapx::membership {

class Workbench {
 public:
  Workbench()
      : arena_(options(block_)),
        datagram_(google::protobuf::Arena::CreateMessage<wire::Datagram>(&arena_)) {}

  [[nodiscard]] wire::Datagram& datagram() { return *datagram_; }

 private:
  static google::protobuf::ArenaOptions options(std::array<char, 4096>& block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block.data();
    options.initial_block_size = block.size();
    return options;
  }

  alignas(std::max_align_t) std::array<char, 4096> block_;
  google::protobuf::Arena arena_;
  wire::Datagram* datagram_;
};

}  // namespace hapx::membership
