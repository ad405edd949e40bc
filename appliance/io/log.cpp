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
#include <sys/un.h>

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

/// Closed if nobody listens there.
Descriptor journal_at(std::string_view path) {
  Descriptor journal(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  if (journal.is_open() && ::connect(journal.number(), where, sizeof address) == 0) return journal;
  return {};
}

/// One field, one line: what is printable has no other.
std::string field(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return std::string(name) + "=" + printable(value.substr(0, line_bytes_max)) + "\n";
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

Log Log::open(int descriptor, const char* journal_stream, const char* journal_socket) {
  Log log;
  log.descriptor_ = descriptor;
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0) return log;
  const std::string id = std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
  log.journal_ = journal_stream != nullptr && id == journal_stream;
  if (log.journal_) log.fields_ = journal_at(journal_socket);
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

bool Log::put_fields(const WriteLog& line) const {
  if (!fields_.is_open() || !line.kind) return false;
  const std::string text =
      field("MESSAGE", line.sentence) + field("PRIORITY", std::string(1, priority(line.level))) +
      field("SYSLOG_IDENTIFIER", "hapxd") + field("MESSAGE_ID", message_id(*line.kind)) +
      field("HAPX_EVENT", to_string(*line.kind)) + field("HAPX_SERVICE", line.service) +
      field("HAPX_PHASE", line.phase);
  return ::send(fields_.number(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

void Log::write(const WriteLog& told) {
  if (told.level < least_) return;
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
    if (put_fields(told)) {
      written = line.empty() || put(line);
    } else {
      line += line_of(told.level, told.sentence);
      written = put(line);
    }
  }
  if (written) {
    lost_ = 0;
  } else {
    ++lost_;
    ++lost_in_all_;
  }
}

}  // namespace hapx::appliance
