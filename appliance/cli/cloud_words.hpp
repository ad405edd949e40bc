// SPDX-License-Identifier: Apache-2.0
// What can be asked for machines that don't exist yet?
//
// The verbs below `hapx cloud-init`, and their help. Each leaves its value in the Verb that it was
// told of.
#pragma once

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

class CloudWords {
 public:
  /// `verb` must outlive it, and it must outlive the App.
  explicit CloudWords(Verb& verb) : verb_(verb) {}

  void add(CLI::App& app);

 private:
  void add_render(CLI::App& cloud_init);
  void add_iso(CLI::App& cloud_init);

  Verb& verb_;
  RenderSeeds render_;
  MakeVolumes volumes_;
};

}  // namespace hapx::appliance::cli
