// SPDX-License-Identifier: Apache-2.0
// Who undoes a fault when the one who did it is gone?
//
// A process of its own, that belongs to nobody and waits at the end of a pipe. If the runner lets
// it go it ends; if the runner dies, however that comes, or if nobody has said anything for too
// long, it undoes the fault by itself. It is there before the fault is older than a fork takes.
#pragma once

#include <functional>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

class DeadMan {
 public:
  /// `undo` is run in the other process, which has a copy of all that we have.
  [[nodiscard]] static Result<DeadMan> arm(const std::function<Result<void>()>& undo,
                                           Duration patience);
  DeadMan(DeadMan&&) = default;
  DeadMan& operator=(DeadMan&&) = default;
  ~DeadMan() = default;

  /// From now on the undoing is ours; false where it is too late, and it was done over there.
  bool let_go();

 private:
  explicit DeadMan(Descriptor line) : line_(std::move(line)) {}

  Descriptor line_;
};

}  // namespace hapx::appliance::drill
