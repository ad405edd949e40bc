// SPDX-License-Identifier: Apache-2.0
// How does an instrument run?
//
// As a forked child in the client's namespace, with real-time priority where that is permitted (a
// late instrument measures itself), the lowest there is, below hapxd's. It dies with its parent and
// is ended by its handle.
#pragma once

#include <string>
#include <utility>

#include <sys/types.h>

#include "appliance/lab/io/process.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

class Instrument {
 public:
  /// `body` runs in the child until it is killed.
  [[nodiscard]] static Result<Instrument> start(const std::string& netns, const std::string& name,
                                                const lab::Body& body);
  Instrument(Instrument&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  Instrument& operator=(Instrument&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~Instrument();

 private:
  explicit Instrument(pid_t pid) : pid_(pid) {}

  pid_t pid_ = 0;
};

/// The next beat after `now`, those that were missed left out.
[[nodiscard]] Instant next_beat(Instant last, Instant now, Duration beat);

}  // namespace hapx::appliance::drill
