// SPDX-License-Identifier: Apache-2.0
// What can be asked of a machine that is, or is to be, a node?
//
// The verbs that look at the machine itself and make a node of it, and their help. Each leaves its
// value in the Verb that it was told of.
#pragma once

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

class MachineWords {
 public:
  /// `verb` must outlive it, and it must outlive the App.
  explicit MachineWords(Verb& verb) : verb_(verb) {}

  void add(CLI::App& app);

 private:
  void add_doctor(CLI::App& app);
  void add_doctor_wire(CLI::App& doctor);
  void add_init(CLI::App& app);
  void add_join(CLI::App& app);
  void add_report(CLI::App& app);
  void add_hooks(CLI::App& app);

  Verb& verb_;
  Doctor doctor_;
  DoctorWire doctor_wire_;
  Init init_;
  Join join_;
  Report report_;
  RunHooks run_hooks_;
  TryHook try_hook_;
};

}  // namespace hapx::appliance::cli
