// SPDX-License-Identifier: Apache-2.0
// How is a hook told once?
//
// Its program is run, or its URL posted to. Blocks, at most for the hook's time: only for a thread
// that may wait. What it needs of files (a token, a URL, certificates) is read each time, so who
// renews them need not restart anything.
#pragma once

#include <functional>
#include <string>

#include "appliance/hooks/message.hpp"
#include "appliance/hooks/round.hpp"
#include "config/cluster_config.hpp"

namespace hapx::appliance::hooks {

struct TellOptions {
  std::string version;                ///< of hapx
  std::function<bool()> is_unwanted;  ///< true: as if its time were over
};

struct Outcome {
  Told told;
  std::string output{};  ///< of a program: what it said, at most 4 KiB
};

[[nodiscard]] Outcome tell(const HookConfig& hook, const Message& message,
                           const TellOptions& options);

}  // namespace hapx::appliance::hooks
