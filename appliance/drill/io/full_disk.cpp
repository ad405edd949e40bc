// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/full_disk.hpp"

#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/process.hpp"

namespace hapx::appliance::drill {
namespace {

/// By way of a second mount, so that the folder is never seen empty. `dd` ends when nothing fits
/// any more, and that is what is wanted of it.
constexpr const char* filling = R"sh(
set -e
aside=$(mktemp -d)
trap 'umount -l "$aside" 2>/dev/null || true; rmdir "$aside"' EXIT
mount -t tmpfs -o size=256k,mode="$(stat -c %a "$1")" hapx-full "$aside"
cp -a "$1"/. "$aside"/
dd if=/dev/zero of="$aside"/full bs=4k 2>/dev/null || true
test -s "$aside"/full
mount --bind "$aside" "$1"
)sh";

std::vector<std::string> within_mounts_of(pid_t pid, std::vector<std::string> command) {
  std::vector<std::string> words{"nsenter", "--mount", "--target", std::to_string(pid), "--"};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

}  // namespace

Result<void> fill(const std::string& folder, pid_t inside) {
  return lab::run_well(within_mounts_of(inside, {"sh", "-c", filling, "sh", folder}), {});
}

Result<void> empty(const std::string& folder, pid_t inside) {
  if (!lab::exists("/proc/" + std::to_string(inside))) return {};
  return lab::run_well(within_mounts_of(inside, {"umount", "-l", folder}), {});
}

}  // namespace hapx::appliance::drill
