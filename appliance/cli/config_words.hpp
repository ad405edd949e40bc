// SPDX-License-Identifier: Apache-2.0
// What can be asked about a configuration file?
//
// The verbs below `hapx config`, and their help. Each leaves its value in the Verb that it was
// told of.
#pragma once

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

class ConfigWords {
 public:
  /// `verb` must outlive it, and it must outlive the App.
  explicit ConfigWords(Verb& verb) : verb_(verb) {}

  void add(CLI::App& app);

 private:
  template <class T>
  void add_one(CLI::App* config, const char* name, const char* what, const char* examples,
               T& value);

  Verb& verb_;
  CheckConfig check_;
  ShowConfig show_;
  DiffConfig diff_;
  ShowSchema schema_;
  RenderHaproxy haproxy_;
};

}  // namespace hapx::appliance::cli
