// SPDX-License-Identifier: Apache-2.0
// How does a shell complete the words of hapx?
//
// Scripts made of the same value as --help: verbs, options and the words that an option takes. The
// names of nodes and services are asked of a running hapxd; without one there are none.
#pragma once

#include <string>

#include "appliance/cli/word_tree.hpp"

namespace hapx::appliance::cli {

[[nodiscard]] std::string bash_completion(const VerbHelp& hapx);
[[nodiscard]] std::string zsh_completion(const VerbHelp& hapx);

}  // namespace hapx::appliance::cli
