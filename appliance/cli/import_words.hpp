// SPDX-License-Identifier: Apache-2.0
// How is it said that another system's configuration is to become a hapx.yaml?
//
// The verb `import`, and its help. It leaves its value in the Verb that it was told of.
#pragma once

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

class ImportWords {
 public:
  /// `verb` must outlive it, and it must outlive the App.
  explicit ImportWords(Verb& verb) : verb_(verb) {}

  void add(CLI::App& app);

 private:
  Verb& verb_;
  Import import_;
};

}  // namespace hapx::appliance::cli
