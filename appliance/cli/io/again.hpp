// SPDX-License-Identifier: Apache-2.0
// How does a verb go on asking until somebody presses Ctrl-C?
//
// hapxd may be restarted meanwhile, or not be there yet: that is said once, and asked again.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/io/verbs.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::cli {

/// Gets each answer, or why there is none; what it returns, if anything, is the exit status.
using ShowAnswer = std::function<std::optional<int>(const Result<std::string>& answer)>;

/// GETs `target` again and again. Returns exit_interrupted on Ctrl-C, or what `show` returns.
[[nodiscard]] int ask_again(const GlobalOptions& global, const Surroundings& around,
                            const std::string& target, Duration interval, const ShowAnswer& show);

/// Says a complaint when it is another one than before.
class Complaints {
 public:
  void say(const Surroundings& around, const std::string& sentence);
  void forget() { said_.clear(); }

 private:
  std::string said_;
};

}  // namespace hapx::appliance::cli
