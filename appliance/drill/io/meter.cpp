// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/meter.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include <unistd.h>

#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "appliance/lab/io/lab.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

constexpr std::array measured_names{lab::keeper_name, lab::daemon_name, lab::haproxy_keeper_name};

std::vector<pid_t> measured_in(const std::string& netns) {
  std::vector<pid_t> pids;
  for (const lab::Process& process : lab::processes_in(netns)) {
    if (std::ranges::find(measured_names, process.name) != measured_names.end()) {
      pids.push_back(process.pid);
    }
  }
  std::ranges::sort(pids);
  return pids;
}

std::string process_file(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

/// "Pss:  1234 kB" of smaps_rollup.
Result<std::uint64_t> memory_of(pid_t pid) {
  const auto text = lab::read_file(process_file(pid, "smaps_rollup"));
  if (!text) return text.error();
  std::istringstream words(*text);
  for (std::string word; words >> word;) {
    std::uint64_t kibibytes = 0;
    if (word == "Pss:" && words >> kibibytes) return kibibytes * 1024;
  }
  return Error{ErrorKind::failed, "smaps_rollup without Pss", 0};
}

/// utime + stime, the 14th and 15th field of stat. The second may hold anything, so counting begins
/// behind its closing parenthesis.
Result<Duration> processor_time_of(pid_t pid) {
  const auto text = lab::read_file(process_file(pid, "stat"));
  if (!text) return text.error();
  std::istringstream fields(text->substr(std::min(text->rfind(')') + 1, text->size())));
  std::string skipped;
  for (int field = 3; field <= 13; ++field) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!(fields >> user >> system)) return Error{ErrorKind::failed, "stat without times", 0};
  return Duration(std::chrono::seconds(1)) * (user + system) / ::sysconf(_SC_CLK_TCK);
}

Result<Duration> processor_time_of(const std::vector<pid_t>& pids) {
  Duration sum{};
  for (const pid_t pid : pids) {
    const auto time = processor_time_of(pid);
    if (!time) return time.error();
    sum += *time;
  }
  return sum;
}

}  // namespace

Result<Footprint> measure_footprint(const lab::NodePlan& node, Duration duration) {
  const std::vector<pid_t> pids = measured_in(node.netns);
  if (pids.empty()) return Error{ErrorKind::absent, node.name.text() + " runs no hapxd", 0};
  const auto before = processor_time_of(pids);
  const Instant begin = boot_now();
  if (!lab::pause(duration)) return Error{ErrorKind::unavailable, "interrupted", 0};
  const auto after = processor_time_of(pids);
  const Duration elapsed = boot_now() - begin;
  if (!before || !after || measured_in(node.netns) != pids) {
    return Error{ErrorKind::failed, node.name.text() + " did not stay as it was", 0};
  }
  Footprint footprint{node.name.text(), 0, 0};
  footprint.processor_share =
      std::chrono::duration<double>(*after - *before) / std::chrono::duration<double>(elapsed);
  for (const pid_t pid : pids) {
    const auto memory = memory_of(pid);
    if (!memory) return memory.error();
    footprint.memory_bytes += *memory;
  }
  return footprint;
}

}  // namespace hapx::appliance::drill
