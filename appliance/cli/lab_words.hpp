// SPDX-License-Identifier: Apache-2.0
// What can be tried out in a lab, and what is measured there?
//
// The verbs of labs and drills, and their help. Each leaves its value in the Verb that it was told
// of.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

class LabWords {
 public:
  /// `verb` must outlive it, and it must outlive the App.
  explicit LabWords(Verb& verb) : verb_(verb) {}

  void add(CLI::App& app);

  /// What `lab exec` is to run: CLI11 does not see its words.
  void set_command(std::vector<std::string> command) { lab_exec_.command = std::move(command); }

 private:
  template <class T>
  void choose(CLI::App* app, const T& value);
  void add_lab(CLI::App& app);
  void add_exec(CLI::App& lab);
  void add_apiserver(CLI::App& lab);
  void add_drill(CLI::App& app);
  void add_run(CLI::App& drill);
  void add_place(CLI::App& run);
  void add_probe(CLI::App& app);

  Verb& verb_;
  LabUp lab_up_;
  LabStatus lab_status_{lab::Wishes{}.name, ""};
  LabExec lab_exec_{lab::Wishes{}.name, "", {}};
  LabApiserver lab_apiserver_{lab::Wishes{}.name, "", ""};
  LabDown lab_down_{lab::Wishes{}.name};
  DrillRun drill_run_;
  DrillHistory drill_history_;
  Probe probe_;
};

}  // namespace hapx::appliance::cli
