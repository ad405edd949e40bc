// SPDX-License-Identifier: Apache-2.0
// What has been decided so far in this step?
//
// The parts of the brain write into one of these; Node carries the wishes to the membership room
// and hands the actions out. The order of the actions is the order in which they were decided.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "appliance/action.hpp"
#include "appliance/journal.hpp"
#include "membership/ballot.hpp"

namespace hapx::appliance {

struct Decisions {
  Actions actions;
  std::vector<membership::LeaseKey> claims;    ///< wanted from now on
  std::vector<membership::LeaseKey> releases;  ///< given up; their fences are closed in `actions`
  std::vector<ServiceName> serve;              ///< HAProxy is to serve these, from now on
  std::vector<ServiceName> rest;               ///< and these no more
  std::vector<JournalEntry> entries;

  /// Takes over the actions of a room; each is one of ours, too.
  template <class RoomActions>
  void take(RoomActions&& room) {
    for (auto& action : room) {
      std::visit([this](auto& one) { actions.emplace_back(std::move(one)); }, action);
    }
  }
};

}  // namespace hapx::appliance
