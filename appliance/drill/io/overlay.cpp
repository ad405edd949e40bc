// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/overlay.hpp"

#include <vector>

#include "appliance/lab/io/file.hpp"

namespace hapx::appliance::drill {
namespace {

/// By way of a second mount, so that the folder is never seen empty. `dd` ends when nothing fits
/// any more, and that is what is wanted of it.
constexpr const char* filling = R"sh(
set -e
aside=$(mktemp -d)
trap 'umount -l "$aside" 2>/dev/null || true; rmdir "$aside"' EXIT
mount -t tmpfs -o size=256k,mode="$(stat -c %a "$1")" hapx-full "$aside"
chown --reference="$1" "$aside"
cp -a "$1"/. "$aside"/
dd if=/dev/zero of="$aside"/full bs=4k 2>/dev/null || true
test -s "$aside"/full
mount --bind "$aside" "$1"
)sh";

constexpr const char* covering = R"sh(
set -e
aside=$(mktemp)
trap 'rm -f "$aside"' EXIT
cat >"$aside"
chmod 644 "$aside"
mount --bind "$aside" "$1"
)sh";

constexpr const char* nonsense = "apiVersion: hapx.dev/v1alpha1\nkind: Nonsense\n";

std::vector<std::string> within_mounts_of(pid_t pid, std::vector<std::string> command) {
  std::vector<std::string> words{"nsenter", "--mount", "--target", std::to_string(pid), "--"};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

}  // namespace

Result<void> fill_up(const std::string& folder, pid_t inside) {
  return lab::run_well(within_mounts_of(inside, {"sh", "-c", filling, "sh", folder}), {});
}

Result<void> cover(const std::string& file, const std::string& text, pid_t inside) {
  return lab::run_well(within_mounts_of(inside, {"sh", "-c", covering, "sh", file}),
                       {.input = text});
}

Result<void> refuses_nonsense(const std::string& file, pid_t inside,
                              const std::function<Result<lab::Outcome>()>& reload) {
  if (auto covered = cover(file, nonsense, inside); !covered) return covered;
  const auto said = reload();
  if (said && said->code != 0) return {};
  static_cast<void>(uncover(file, inside));
  if (!said) return said.error();
  return Error{ErrorKind::failed, "a file that can't be read was taken", 0};
}

Result<void> uncover(const std::string& path, pid_t inside) {
  if (!lab::exists("/proc/" + std::to_string(inside))) return {};
  return lab::run_well(within_mounts_of(inside, {"umount", "-l", path}), {});
}

}  // namespace hapx::appliance::drill
