// SPDX-License-Identifier: Apache-2.0
// How is each fault done to the machine that we are on?
//
// The same faults that a lab suffers from outside, done from inside a real node: signals to the
// processes of hapx, found by whose children they are; the address taken off its card, or the card
// itself taken down; a table of nftables of its own that drops heartbeats; mounts over its folders;
// the machine ended without a word. What is not listed here can't be done to a real node
// (drill/fault_table says so, too).
#pragma once

#include <functional>

#include "appliance/drill/agent_words.hpp"
#include "appliance/lab/io/process.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

/// A fault that can be done at once, for whoever it strikes has been found.
struct NodeFault {
  std::function<Result<void>()> strike;
  /// May be done at any time, also twice, and also where nothing was struck.
  std::function<Result<void>()> undo;
  /// So long after it was announced it is done, for whoever announces it ends with it.
  Duration notice{};
};

/// `reload`: what `hapx reload` says here. An Error says who is missing; nothing has been done
/// then.
[[nodiscard]] Result<NodeFault> node_fault(const Strike& order,
                                           const std::function<Result<lab::Outcome>()>& reload);

}  // namespace hapx::appliance::drill
