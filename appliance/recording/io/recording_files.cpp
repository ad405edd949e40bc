// SPDX-License-Identifier: Apache-2.0
#include "appliance/recording/io/recording_files.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

#include "config/io/durable_file.hpp"
#include "config/io/regular_file.hpp"

namespace hapx::appliance {

namespace {

enum class Draft : bool { no, yes };

/// Paths, in the order of their names.
Result<std::vector<std::string>> find_files(const std::string& folder, Draft draft) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool is_draft = name.ends_with(".new");
    if (name.starts_with(recording_name_prefix) && is_draft == (draft == Draft::yes))
      paths.push_back(at->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return system_error(error.value(), "cannot list " + folder);
  std::ranges::sort(paths);
  return paths;
}

/// Whatever a write left that came to nothing: it would fill the disk.
void remove_drafts(const std::string& folder) {
  const auto drafts = find_files(folder, Draft::yes);
  std::error_code ignored;
  for (const std::string& path : drafts ? *drafts : std::vector<std::string>())
    std::filesystem::remove(path, ignored);
}

std::string folder_in(const std::string& state_dir) {
  return state_dir + "/" + recordings_folder;
}

}  // namespace

std::string path_of(const std::string& state_dir, const RecordingLabel& label) {
  return folder_in(state_dir) + "/" + file_name_of(label);
}

Result<void> keep_recording(const std::string& state_dir, const Recording& recording,
                            const ClusterKeys& keys) {
  const std::string folder = folder_in(state_dir);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(errno, "cannot make " + folder);
  remove_drafts(folder);
  auto written =
      write_durably(folder, file_name_of(recording.label), encode_recording(recording, keys));
  if (!written) {
    remove_drafts(folder);
    return written;
  }
  const auto all = list_recordings(state_dir);
  if (!all) return {};
  std::error_code ignored;
  for (std::size_t i = 0; i + recordings_max < all->size(); ++i) {
    // By a clock that was set back the newest may have the oldest name.
    if ((*all)[i] != path_of(state_dir, recording.label))
      std::filesystem::remove((*all)[i], ignored);
  }
  return {};
}

Result<std::vector<std::string>> list_recordings(const std::string& state_dir) {
  return find_files(folder_in(state_dir), Draft::no);
}

Result<std::vector<std::uint8_t>> read_recording(const std::string& file) {
  const auto text = read_regular_file(file, "the recording", recording_bytes_max);
  if (!text) return text.error();
  return std::vector<std::uint8_t>(text->begin(), text->end());
}

}  // namespace hapx::appliance
