// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/archive.hpp"

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>

#include <sys/stat.h>

#include "appliance/lab/io/file.hpp"
#include "config/io/durable_file.hpp"
#include "config/io/regular_file.hpp"

namespace hapx::appliance::drill {
namespace {

/// Limit: a folder with more is not looked through.
constexpr std::size_t names_max = 10'000;

std::string folder_in(const std::string& state_dir) {
  return state_dir + "/drills";
}

/// In the order of time; other files are left out.
Result<std::vector<std::string>> report_names(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  for (std::size_t seen = 0; !error && entry != std::filesystem::directory_iterator(); ++seen) {
    if (seen == names_max) return Error{ErrorKind::refused, folder + " is full of files", 0};
    const std::string name = entry->path().filename();
    if (is_report_name(name)) names.push_back(name);
    entry.increment(error);
  }
  if (error) return system_error(error.value(), folder);
  std::ranges::sort(names);
  return names;
}

}  // namespace

Result<void> keep_report(const Report& report, const std::string& state_dir) {
  const auto name = file_name_of(report);
  if (!name || !lab::exists(state_dir)) return {};
  const std::string folder = folder_in(state_dir);
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return system_error(errno, folder);
  const std::string text = render_json(report);
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  if (auto written = write_durably(folder, *name, bytes); !written) return written;
  auto names = report_names(folder);
  if (!names) return names.error();
  for (const std::string& old : too_old(std::move(*names))) {
    std::error_code ignored;  // it is tried again by the next drill
    std::filesystem::remove(folder + "/" + old, ignored);
  }
  return {};
}

Result<std::vector<PastDrill>> kept_drills(const std::string& state_dir) {
  const std::string folder = folder_in(state_dir);
  const auto names = report_names(folder);
  if (!names) return names.error();
  std::vector<PastDrill> drills;
  for (const std::string& name : *names) {
    const auto text = read_regular_file(folder + "/" + name, "the report", report_bytes_max);
    if (!text) continue;
    auto drill = past_drill_from_json(*text);
    if (drill) drills.push_back(std::move(*drill));
  }
  return drills;
}

}  // namespace hapx::appliance::drill
