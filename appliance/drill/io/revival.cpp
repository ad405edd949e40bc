// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/revival.hpp"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>

#include "appliance/drill/unit_name.hpp"
#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/lab.hpp"

namespace hapx::appliance::drill {
namespace {

namespace fs = std::filesystem;

/// A unit may wait for what it comes after.
constexpr Duration start_patience = std::chrono::seconds(30);
/// The kernel's word behind the path of a program that was replaced while it ran.
constexpr std::string_view replaced = " (deleted)";

std::string at(const std::string& folder, const std::string& link) {
  std::error_code error;
  return fs::read_symlink(folder + link, error).string();
}

}  // namespace

Result<Revival> Revival::of(const lab::Process& keeper) {
  const std::string folder = "/proc/" + std::to_string(keeper.pid) + "/";
  const auto words = lab::command_of(keeper);
  const auto group = lab::read_file(folder + "cgroup");
  if (!words) return words.error();
  Revival revival;
  revival.unit_ = group ? unit_in(*group) : std::string();
  revival.command_ = *words;
  std::string program = at(folder, "exe");
  if (program.ends_with(replaced)) program.resize(program.size() - replaced.size());
  if (program.empty() || revival.command_.empty()) {
    return Error{ErrorKind::absent, "the keeper has ended", 0};
  }
  revival.command_.front() = std::move(program);
  const std::string log = at(folder, "fd/2");
  std::error_code error;
  revival.log_ = fs::is_regular_file(log, error) ? log : "/dev/null";
  revival.mounts_ =
      std::make_shared<Descriptor>(::open((folder + "ns/mnt").c_str(), O_RDONLY | O_CLOEXEC));
  if (!revival.mounts_->is_open()) return system_error(errno, "the mounts of the keeper");
  return revival;
}

Result<void> Revival::begin_again() const {
  for (const lab::Process& process : lab::processes_here()) {
    if (process.name == lab::keeper_name) return {};
  }
  if (!unit_.empty()) {
    return lab::run_well({"systemctl", "start", unit_}, {.patience = start_patience});
  }
  const auto begun = lab::start_daemon(command_, {"", log_, "", mounts_->number()});
  if (!begun) return begun.error();
  return {};
}

}  // namespace hapx::appliance::drill
