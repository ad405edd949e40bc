// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/power_cut.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include <fcntl.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "appliance/drill/machine_end.hpp"
#include "config/io/descriptor.hpp"

namespace hapx::appliance::drill {
namespace {

/// "net:[4026531840]"; empty: it can't be seen.
std::string namespace_at(const char* path) {
  std::array<char, 64> name{};
  const ssize_t length = ::readlink(path, name.data(), name.size());
  return length > 0 ? std::string(name.data(), static_cast<std::size_t>(length)) : std::string();
}

}  // namespace

Result<std::function<Result<void>()>> power_cut() {
  const auto end = machine_end({namespace_at("/proc/self/ns/net"), namespace_at("/proc/1/ns/net"),
                                namespace_at("/proc/self/ns/pid")});
  if (!end) return end.error();
  if (*end == MachineEnd::by_reboot) {
    return std::function<Result<void>()>([]() -> Result<void> {
      if (::reboot(RB_AUTOBOOT) == 0) return {};
      return system_error(errno, "this machine does not end");
    });
  }
  const auto trigger =
      std::make_shared<Descriptor>(::open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC));
  if (!trigger->is_open()) return system_error(errno, "/proc/sysrq-trigger");
  return std::function<Result<void>()>([trigger]() -> Result<void> {
    if (::write(trigger->number(), "b", 1) == 1) return {};
    return system_error(errno, "this machine does not end");
  });
}

}  // namespace hapx::appliance::drill
