// SPDX-License-Identifier: Apache-2.0
// How are the verbs said that are about recordings: recording, replay?
//
// Each leaves its value in the Verb that it was told of.
#pragma once

#include "appliance/cli/add_verb.hpp"
#include "appliance/cli/hapx_words.hpp"

namespace hapx::appliance::cli {

class RecordingWords {
 public:
  /// `verb` must outlive it, and it must outlive the App.
  explicit RecordingWords(Verb& verb) : verb_(verb) {}

  void add(CLI::App& app);

 private:
  void add_replay(CLI::App& app);

  Verb& verb_;
  ListRecordings list_;
  ReplayRecording replay_;
};

/// "--state-dir": where hapxd keeps its recordings.
CLI::Option* add_state_dir(CLI::App* verb, std::string& folder);

}  // namespace hapx::appliance::cli
