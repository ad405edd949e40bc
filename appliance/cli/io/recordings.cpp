// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/recordings.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "appliance/cli/io/describe.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/cli/recording_text.hpp"
#include "appliance/cli/why_text.hpp"
#include "appliance/recording/io/recording_files.hpp"
#include "appliance/recording/replay.hpp"

namespace hapx::appliance::cli {

namespace {

Result<RecordingLabel> read_label(const std::string& file) {
  const auto bytes = read_recording(file);
  if (!bytes) return bytes.error();
  return decode_label(*bytes, file);
}

Result<std::vector<RecordingFile>> look_at_all(const std::string& state_dir) {
  const auto paths = list_recordings(state_dir);
  if (!paths) return paths.error();
  std::vector<RecordingFile> files;
  for (const std::string& path : *paths) files.push_back({path, read_label(path)});
  return files;
}

Error none_there(const std::string& state_dir) {
  return {ErrorKind::absent, "there is no recording in " + state_dir + "/" + recordings_folder +
                                 "; hapxd keeps one at each failover, and `hapx recording keep` "
                                 "has one kept now"};
}

Result<std::string> newest_in(const std::string& state_dir) {
  const auto paths = list_recordings(state_dir);
  if (!paths) return paths.error();
  if (paths->empty()) return none_there(state_dir);
  return paths->back();
}

/// What this machine's clock showed at that instant, by the recording.
std::optional<Utc> moment_of(const RecordingLabel& label, Instant at) {
  if (!label.utc_offset) return std::nullopt;
  return Utc(at.time_since_epoch() + *label.utc_offset);
}

bool has_moment(const RecordingLabel& label, Utc at) {
  const auto from = moment_of(label, label.from);
  const auto until = moment_of(label, label.until);
  return from && until && *from <= at && at <= *until;
}

/// The newest that has the moment.
Result<std::string> find_recording(const std::string& state_dir, Utc at) {
  const auto files = look_at_all(state_dir);
  if (!files) return files.error();
  std::string spans;
  for (auto file = files->rbegin(); file != files->rend(); ++file) {
    if (!file->label) continue;
    const RecordingLabel& label = *file->label;
    if (has_moment(label, at)) return file->path;
    if (spans.size() < 200)
      spans += (spans.empty() ? "" : "; ") + label.time_of(label.from) + " to " +
               label.time_of(label.until);
  }
  if (spans.empty()) return none_there(state_dir);
  return Error{ErrorKind::absent, "no recording has that moment; the newest are of " + spans};
}

Result<Replay> begin_replay(const std::string& file, const std::string& version) {
  const auto bytes = read_recording(file);
  if (!bytes) return bytes.error();
  const auto recording = decode_recording(*bytes, file, version);
  if (!recording) return recording.error();
  return Replay::begin(*recording);
}

/// Up to that moment; true if it is in there.
bool go_to(Replay& replay, Utc at) {
  const RecordingLabel& label = replay.label();
  if (!has_moment(label, at)) return false;
  for (auto next = replay.next_at(); next && *moment_of(label, *next) <= at;
       next = replay.next_at()) {
    static_cast<void>(replay.next());
  }
  return true;
}

}  // namespace

int have_recording_kept(const GlobalOptions& global, const Surroundings& around) {
  const Result<std::string> body =
      ask_for(global.socket, {"POST", "/v1/recording", "", order_answer_time_max});
  if (!body) return complain_of(around, body.error());
  print_answer(global, around, *body);
  return exit_done;
}

int show_recordings(const GlobalOptions& global, const ListRecordings& verb,
                    const Surroundings& around) {
  const auto files = look_at_all(verb.state_dir);
  if (!files) return complain(around, files.error().sentence);
  if (global.output != Output::text)
    return print_document(around, global.output, recordings_to_json(*files));
  around.out << recordings_to_text(*files, around.style);
  return exit_done;
}

int replay_recording(const GlobalOptions& global, const ReplayRecording& verb,
                     const Surroundings& around) {
  const auto file = verb.file.empty() ? newest_in(verb.state_dir) : Result<std::string>(verb.file);
  if (!file) return complain(around, file.error().sentence);
  auto replay = begin_replay(*file, around.version);
  if (!replay) return complain(around, replay.error().sentence);
  const RecordingLabel label = replay->label();
  const bool is_text = global.output == Output::text;
  if (is_text) around.out << *file << ": " << headline_of(label) << "\n\n";
  const Replayed replayed = replay_all(*replay, [&](const Replay::Again& again) {
    if (is_text) around.out << step_to_text(again, label, verb.every_step, around.style);
  });
  if (is_text) {
    around.out << "\n" << replayed_to_text(replayed, label, around.style);
  } else {
    const int printed =
        print_document(around, global.output, replayed_to_json(replayed, {*file, label}));
    if (printed != exit_done) return printed;
  }
  if (replayed.difference) return exit_differs;
  return replayed.trouble.empty() ? exit_done : exit_refused;
}

int why_then(const GlobalOptions& global, const Why& verb, const Surroundings& around) {
  const auto file = verb.recording.empty() ? find_recording(verb.state_dir, *verb.at)
                                           : Result<std::string>(verb.recording);
  if (!file) return complain(around, file.error().sentence);
  auto replay = begin_replay(*file, around.version);
  if (!replay) return complain(around, replay.error().sentence);
  const RecordingLabel label = replay->label();
  if (!go_to(*replay, *verb.at)) {
    return complain(around, *file + " does not have that moment: it is of " +
                                label.time_of(label.from) + " to " + label.time_of(label.until));
  }
  std::string target = "/v1/why";
  if (!verb.service.empty()) {
    const Result<std::string> segment = as_segment(verb.service, "service");
    if (!segment) return complain_of(around, segment.error());
    target += "/" + *segment;
  }
  Respond answer = replay->ask("GET", target);
  const Result<std::string> body = body_of({answer.status, std::move(answer.body)}, target);
  if (!body) return complain_of(around, body.error());
  if (global.output != Output::text) return print_document(around, global.output, *body);
  const Result<Told> told = read_told(*body);
  if (!told) return complain_of(around, told.error());
  around.out << "as " << label.node.text() << " saw it at " << hapx::to_string(*verb.at) << ", by "
             << *file << "\n\n"
             << why_to_text(told->status, told->events, around.style);
  return exit_done;
}

}  // namespace hapx::appliance::cli
