// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/recording_words.hpp"

namespace hapx::appliance::cli {

CLI::Option* add_state_dir(CLI::App* verb, std::string& folder) {
  return verb->add_option("--state-dir", folder, "where hapxd keeps its recordings")
      ->capture_default_str()
      ->type_name("PATH");
}

void RecordingWords::add(CLI::App& app) {
  CLI::App* recording = add_verb(
      &app, "recording", "what this node was told and has decided lately, kept in files",
      "  hapx recording list\n"
      "  hapx recording keep\n\n"
      "hapxd keeps one by itself after each failover: the last ten seconds or more, with every\n"
      "datagram, event and decision; the newest 16, for root and hapxd alone. No key is in it.\n"
      "`hapx replay` decides it all again, `hapx why --at` asks about a moment of it.");
  recording->require_subcommand(1);
  add_verb(recording, "keep", "have hapxd keep one now",
           "  hapx recording keep\n\n"
           "Exit status: 0 it is kept, 1 it could not be, 3 no answer from hapxd.")
      ->callback([this] { verb_ = KeepRecording{}; });
  CLI::App* list = add_verb(recording, "list", "which there are: when, of what, why",
                            "  hapx recording list\n"
                            "  hapx recording list -o json | jq -r '.[-1].file'");
  add_state_dir(list, list_.state_dir);
  list->callback([this] { verb_ = list_; });
  add_replay(app);
}

void RecordingWords::add_replay(CLI::App& app) {
  CLI::App* replay = add_verb(
      &app, "replay", "decide again what a node has decided, by its recording",
      "  hapx replay                                        the newest recording of this node\n"
      "  hapx replay recording-20261128T133657.042Z\n"
      "  hapx replay --steps | less\n\n"
      "Runs the production code on what the node was told, and compares each decision with the\n"
      "one that it made. Nothing is carried out. Wants the same version of hapx that has "
      "recorded.\n"
      "Exit status: 0 all is decided alike, 1 it can't be read, 2 something is decided otherwise.");
  replay->add_option("FILE", replay_.file, "the recording (else: the newest of this node)")
      ->type_name("");
  replay->add_flag("--steps", replay_.every_step, "tell every event, and what was decided by it");
  add_state_dir(replay, replay_.state_dir);
  replay->callback([this] { verb_ = replay_; });
}

}  // namespace hapx::appliance::cli
