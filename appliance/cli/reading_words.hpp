// SPDX-License-Identifier: Apache-2.0
// How are the verbs said that only look: status, get, events, describe, failcount, why?
//
// Each leaves its value in the Verb that it was told of.
#pragma once

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

class ReadingWords {
 public:
  /// `verb` must outlive it, and it must outlive the App.
  explicit ReadingWords(Verb& verb) : verb_(verb) {}

  void add(CLI::App& app);

 private:
  template <class T>
  void choose(CLI::App* app, const T& value);
  void add_status(CLI::App& app);
  void add_get(CLI::App& app);
  void add_events(CLI::App* app);
  void add_describe(CLI::App& app);
  void add_why(CLI::App& app);

  Verb& verb_;
  ShowStatus status_;
  Get get_;
  ShowEvents events_;
  Describe node_{Describe::What::node};
  Describe service_{Describe::What::service};
  ShowFailCounts fail_counts_;
  Why why_;
};

/// "30m", "2h"; CLI11 refuses whatever else was said.
[[nodiscard]] CLI::Validator is_duration();
/// "2026-11-28T13:36:57.042Z"; likewise.
[[nodiscard]] CLI::Validator is_moment();

}  // namespace hapx::appliance::cli
