// SPDX-License-Identifier: Apache-2.0
// hapxd: one program, three processes (docs/architecture.md, "A dead daemon is not an outage").
#include <array>
#include <climits>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

#include "appliance/cli/hapxd_options.hpp"
#include "appliance/io/daemon.hpp"
#include "appliance/io/keeper.hpp"

namespace {

/// The path at which the keeper finds hapxd again, also after a package has replaced the file.
std::string own_path() {
  std::array<char, PATH_MAX> buffer{};
  const auto length = ::readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
  std::string path(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  constexpr std::string_view gone = " (deleted)";
  if (path.ends_with(gone)) path.resize(path.size() - gone.size());
  return path;
}

}  // namespace

int main(int count, char** words) {
  using namespace hapx::appliance;
  const std::vector<std::string> arguments(words + 1, words + count);
  const auto read = read_hapxd_options(arguments, HAPX_VERSION);
  if (const auto* usage = std::get_if<HapxdUsage>(&read)) {
    std::fputs(usage->text.c_str(), usage->status == 0 ? stdout : stderr);
    return usage->status;
  }
  const auto& options = std::get<HapxdOptions>(read);
  switch (options.role) {
    case HapxdRole::keeper:
      return run_keeper(
          {own_path(), arguments,
           options.haproxy_dir ? HaproxyKeeperIs::somebody_elses : HaproxyKeeperIs::ours});
    case HapxdRole::daemon:
      return run_daemon(options);
    case HapxdRole::haproxy_keeper:
      return run_haproxy_keeper_process(options);
  }
}
