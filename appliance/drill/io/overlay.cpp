// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/overlay.hpp"

#include <vector>

#include "appliance/lab/io/file.hpp"

namespace hapx::appliance::drill {
namespace {

/// By way of a second mount, so that the folder is never seen empty; it is as large as what is in
/// the folder, and a bit. `dd` ends when nothing fits any more, and that is what is wanted of it.
constexpr const char* filling = R"sh(
set -e
aside=$(mktemp -d)
trap 'umount -l "$aside" 2>/dev/null || true; rmdir "$aside"' EXIT
size=$(($(du -s -k "$1" | cut -f 1) + 256))k
mount -t tmpfs -o size="$size",mode="$(stat -c %a "$1")" hapx-drill "$aside"
chown --reference="$1" "$aside"
cp -a "$1"/. "$aside"/
dd if=/dev/zero of="$aside"/full bs=4k 2>/dev/null || true
test -s "$aside"/full
mount --bind "$aside" "$1"
)sh";

constexpr const char* covering = R"sh(
set -e
aside=$(mktemp -d)
trap 'umount -l "$aside" 2>/dev/null || true; rmdir "$aside"' EXIT
mount -t tmpfs -o size=64k,mode=755 hapx-drill "$aside"
cat >"$aside"/file
chmod 644 "$aside"/file
mount --bind "$aside"/file "$1"
)sh";

/// By these names /proc/PID/mountinfo tells whose mount is on top: the folder below has mounts of
/// its own, of systemd's, which are not ours to take away.
constexpr const char* uncovering = R"sh(
top=$(awk -v place="$1" '$5 == place { for (i = 7; $i != "-"; ++i); top = $(i + 2) }
                         END { print top }' /proc/self/mountinfo)
[ "$top" != hapx-drill ] || umount -l "$1"
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
  return lab::run_well(within_mounts_of(inside, {"sh", "-c", uncovering, "sh", path}), {});
}

}  // namespace hapx::appliance::drill
