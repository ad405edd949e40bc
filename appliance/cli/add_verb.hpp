// SPDX-License-Identifier: Apache-2.0
// How does a verb join the command line?
//
// What all verbs of `hapx` have in common, for the files that add them: where global options may
// stand, and how a verb's help ends.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace hapx::appliance::cli {

inline constexpr const char* global_options_hint =
    "Global options (--socket, -o): see `hapx --help`.";

/// `examples` may end with a paragraph on exit statuses.
inline CLI::App* add_verb(CLI::App* parent, const char* name, const char* what,
                          const char* examples) {
  CLI::App* verb = parent->add_subcommand(name, what);
  verb->fallthrough();
  verb->footer(std::string("Examples:\n") + examples + "\n\n" + global_options_hint);
  return verb;
}

/// An option that may stand several times, with one value each.
inline CLI::Option* add_repeated(CLI::App* verb, const char* name, std::vector<std::string>& values,
                                 const char* what, const char* type) {
  return verb->add_option(name, values, what)
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false)
      ->type_name(type);
}

}  // namespace hapx::appliance::cli
