// SPDX-License-Identifier: Apache-2.0
// How does a hapxd begin again that was killed together with its keeper?
//
// Mostly whoever started it does it again within a moment: systemd, a supervisor, a container's
// runtime. Where nobody has, its unit is started; where it has none, its command line is run again
// among the mounts that it had. So no drill leaves a node without its hapxd.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "appliance/lab/io/process.hpp"
#include "config/io/descriptor.hpp"
#include "config/result.hpp"

namespace hapx::appliance::drill {

class Revival {
 public:
  /// Looks at how it runs, while it does.
  [[nodiscard]] static Result<Revival> of(const lab::Process& keeper);

  /// No failure where it runs already.
  [[nodiscard]] Result<void> begin_again() const;

 private:
  std::string unit_;  ///< of systemd; empty: it is none's
  std::vector<std::string> command_;
  std::string log_;                     ///< the file that it wrote to; /dev/null where it was none
  std::shared_ptr<Descriptor> mounts_;  ///< its mount namespace
};

}  // namespace hapx::appliance::drill
