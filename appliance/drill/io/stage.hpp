// SPDX-License-Identifier: Apache-2.0
// On which lab is a drill done, and what becomes of it afterwards?
//
// One that is up is used, and stays up. If there is none of that name it is built for the drill, is
// built anew where a fault might be told from the ones before, and goes with the Stage.
#pragma once

#include <ostream>
#include <string>
#include <utility>

#include "appliance/lab/io/lab.hpp"
#include "appliance/lab/io/verbs.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

class Stage {
 public:
  [[nodiscard]] static Result<Stage> open(const lab::UpOptions& options, std::ostream& err);
  Stage(Stage&& other) noexcept
      : lab_(std::move(other.lab_)),
        programs_(std::move(other.programs_)),
        is_ours_(std::exchange(other.is_ours_, false)) {}
  Stage& operator=(Stage&&) = delete;
  ~Stage() { static_cast<void>(close()); }

  [[nodiscard]] lab::Lab& lab() { return lab_; }
  /// Built for this drill.
  [[nodiscard]] bool is_ours() const { return is_ours_; }
  /// Starts a lab of ours; waits until it is well, also one of somebody else.
  [[nodiscard]] Result<void> start();
  /// A lab of ours begins anew, so that no run inherits what the ones before have left: hapx counts
  /// failures, and moves a service away from where it failed too often.
  [[nodiscard]] Result<void> renew();
  [[nodiscard]] Result<void> close();

 private:
  Stage(lab::Lab lab, std::string programs, bool is_ours)
      : lab_(std::move(lab)), programs_(std::move(programs)), is_ours_(is_ours) {}

  lab::Lab lab_;
  std::string programs_;
  bool is_ours_;
};

}  // namespace hapx::appliance::drill
