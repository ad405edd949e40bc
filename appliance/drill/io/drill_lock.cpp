// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/drill_lock.hpp"

#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "appliance/drill/io/machine.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance::drill {
namespace {

/// The last drill's agents may still be on their way out.
constexpr Duration patience = std::chrono::seconds(3);

std::string holder_of(int file) {
  std::array<char, 128> text{};
  const ssize_t count = ::pread(file, text.data(), text.size(), 0);
  const std::string_view said(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  return printable(said.substr(0, said.find('\n')));
}

}  // namespace

Result<Descriptor> take_drill_lock(const std::string& run_dir) {
  const std::string path = run_dir + "/drill.lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return system_error(errno, path);
  const Instant deadline = boot_now() + patience;
  while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (boot_now() < deadline && lab::pause(std::chrono::milliseconds(50))) continue;
    return Error{ErrorKind::unavailable,
                 "a drill is under way here, by " + holder_of(file.number()), 0};
  }
  const std::string text =
      "process " + std::to_string(::getpid()) + " since " + to_string(utc_now()) + "\n";
  if (::ftruncate(file.number(), 0) != 0 ||
      ::pwrite(file.number(), text.data(), text.size(), 0) < 0) {
    return system_error(errno, path);
  }
  return file;
}

}  // namespace hapx::appliance::drill
