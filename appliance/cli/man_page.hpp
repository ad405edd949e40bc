// SPDX-License-Identifier: Apache-2.0
// How do the words of a program, and the keys of its file, read as manual pages?
//
// roff with the macros of man(7), made of the same values as --help and the JSON Schema.
#pragma once

#include <string>

#include "appliance/cli/word_tree.hpp"

namespace hapx::appliance::cli {

[[nodiscard]] std::string hapx_page(const VerbHelp& hapx, const std::string& version);
[[nodiscard]] std::string hapxd_page(const VerbHelp& hapxd, const std::string& version);
[[nodiscard]] std::string config_page(const std::string& version);

}  // namespace hapx::appliance::cli
