// SPDX-License-Identifier: Apache-2.0
// How is each fault done to a lab, and undone?
//
// One function per fault, each from outside: power, cables, signals, filters on the bridge, a
// command as an operator gives it. Nothing in hapxd helps. What is done returns as a value that
// carries its own undoing, and a dead man has a copy of that.
#pragma once

#include <string>
#include <vector>

#include "appliance/drill/io/place.hpp"
#include "appliance/lab/io/lab.hpp"

namespace hapx::appliance::drill {

class LabPlace final : public Place {
 public:
  /// The lab outlives it; it may be built anew meanwhile, of the same wishes.
  explicit LabPlace(lab::Lab& lab, Duration beat = usual_beat);

  [[nodiscard]] const PlaceFacts& facts() const override { return facts_; }
  [[nodiscard]] bool is_reached(const std::string& node) const override;
  [[nodiscard]] Result<lab::Outcome> ask(const std::string& node,
                                         const std::vector<std::string>& words) override;
  [[nodiscard]] Result<void> wait_until_well(Duration patience) override;
  [[nodiscard]] Result<Scene> prepare(const PlannedFault& planned) override;
  [[nodiscard]] Result<Break> inject(Fault fault, Duration length, const Scene& scene) override;

 private:
  lab::Lab& lab_;
  PlaceFacts facts_;
};

}  // namespace hapx::appliance::drill
