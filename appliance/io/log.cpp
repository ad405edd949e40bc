// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/log.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "appliance/table.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance {

namespace {

constexpr std::size_t line_bytes_max = 2048;

/// "2026-01-31T12:00:00.123Z".
std::string wall_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  std::array<char, 24> day{};
  std::array<char, 8> fraction{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>(now.tv_nsec / 1000000));
  return std::string(day.data()) + fraction.data();
}

/// The priorities of syslog(3).
char priority(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return '7';
    case LogLevel::info:
      return '6';
    case LogLevel::notice:
      return '5';
    case LogLevel::warning:
      return '4';
    case LogLevel::error:
      return '3';
  }
  return '6';
}

std::string_view word(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::notice:
      return "notice";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

}  // namespace

bool LineBudget::spend(Instant now) {
  if (now > filled_) {
    const std::chrono::duration<double> passed = now - filled_;
    lines_ = std::min(lines_max, lines_ + passed.count() * lines_per_second);
    filled_ = now;
  }
  if (lines_ < 1) return false;
  lines_ -= 1;
  return true;
}

Log Log::open(int descriptor, const char* journal_stream) {
  Log log;
  log.descriptor_ = descriptor;
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0) return log;
  const std::string id = std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
  log.journal_ = journal_stream != nullptr && id == journal_stream;
  if (S_ISSOCK(facts.st_mode)) {
    log.kind_ = Kind::socket;
  } else if (S_ISFIFO(facts.st_mode) || S_ISCHR(facts.st_mode)) {
    // O_NONBLOCK belongs to the open file description, which we share with whoever started us.
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    log.own_ = Descriptor(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (log.own_.is_open()) log.kind_ = Kind::own;
  }
  return log;
}

bool Log::put(const std::string& line) const {
  ssize_t written = -1;
  switch (kind_) {
    case Kind::socket:
      written = ::send(descriptor_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      break;
    case Kind::own:
      written = ::write(own_.number(), line.data(), line.size());
      break;
    case Kind::file:
      written = ::write(descriptor_, line.data(), line.size());
      break;
  }
  return written == static_cast<ssize_t>(line.size());
}

void Log::write(LogLevel level, std::string_view sentence) {
  if (level < least_) return;
  const auto line_of = [this](LogLevel of, std::string_view text) {
    const std::string start = journal_ ? std::string("<") + priority(of) + ">"
                                       : wall_time() + " " + std::string(word(of)) + ": ";
    return start + printable(text.substr(0, line_bytes_max)) + "\n";
  };
  bool written = budget_.spend(boot_now());
  if (written) {
    std::string line;
    if (lost_ > 0) {
      line = line_of(LogLevel::warning, std::to_string(lost_) + " lines were left out here");
    }
    line += line_of(level, sentence);
    written = put(line);
  }
  if (written) {
    lost_ = 0;
  } else {
    ++lost_;
    ++lost_in_all_;
  }
}

}  // namespace hapx::appliance
