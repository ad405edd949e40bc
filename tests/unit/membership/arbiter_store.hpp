// SPDX-License-Identifier: Apache-2.0
// What does etcd do with a transaction? This, and nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::membership::testing {

struct ArbiterStore {
  ArbiterAnswered carry_out(const AskArbiter& ask) {
    ArbiterAnswered answer{ask.ticket, true, id, 0, {}};
    for (const ArbiterSwap& swap : ask.swaps) {
      const auto found = entries.find(swap.key);
      const std::int64_t there = found == entries.end() ? 0 : found->second.revision;
      if (there != swap.revision) answer.swapped = false;
    }
    if (answer.swapped && !ask.swaps.empty()) {
      ++revision;
      for (const ArbiterSwap& swap : ask.swaps)
        entries[swap.key] = {swap.key, revision, swap.value};
    }
    answer.revision = revision;
    for (const auto& [key, entry] : entries) answer.entries.push_back(entry);
    return answer;
  }

  std::uint64_t id = 7;
  std::int64_t revision = 1;
  std::map<std::string, ArbiterEntry> entries{};
};

}  // namespace hapx::membership::testing
