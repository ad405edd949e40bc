// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/machine.hpp"

#include <string_view>

#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "appliance/lab/io/file.hpp"
#include "appliance/lab/io/process.hpp"

namespace hapx::appliance::drill {
namespace {

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

/// "model name : Intel ..." of the first processor.
std::string processor_name() {
  const auto text = lab::read_file("/proc/cpuinfo");
  if (!text) return "";
  const std::size_t key = text->find("model name");
  const std::size_t colon = key == std::string::npos ? key : text->find(": ", key);
  if (colon == std::string::npos) return "";
  return first_line(std::string_view(*text).substr(colon + 2));
}

/// "HAProxy version 2.6.12-1+deb12u1 2023/12/16 - https://haproxy.org/": the second word but one.
std::string haproxy_version() {
  const auto outcome = lab::run({"haproxy", "-v"}, {});
  if (!outcome || outcome->code != 0) return "";
  constexpr std::string_view before = "version ";
  const std::string line = first_line(outcome->output);
  const std::size_t at = line.find(before);
  if (at == std::string::npos) return line;
  const std::string rest = line.substr(at + before.size());
  return rest.substr(0, rest.find(' '));
}

}  // namespace

Machine machine_facts(const std::string& version) {
  Machine machine;
  utsname names{};
  if (::uname(&names) == 0) {
    machine.kernel = std::string(static_cast<const char*>(names.sysname)) + " " +
                     static_cast<const char*>(names.release) + " " +
                     static_cast<const char*>(names.machine);
  }
  machine.processor = processor_name();
  machine.cores = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  machine.memory_bytes = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES))) *
                         static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
  machine.hapx = version;
  machine.haproxy = haproxy_version();
  return machine;
}

Utc utc_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return Utc(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace hapx::appliance::drill
