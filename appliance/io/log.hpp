// SPDX-License-Identifier: Apache-2.0
// Where do hapxd's sentences go?
//
// To stderr, one line each: to the system's journal with its fields, so that it can be asked for a
// service, a kind of event or a phase, to anything else with the time and the level. A log must
// never cost a heartbeat: a reader that has stopped reading loses lines, and a storm of the same
// trouble is cut to a few lines per second. What was left out is counted, and said with the next
// line that gets through. Only appliance/io logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "appliance/action.hpp"
#include "config/io/descriptor.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

/// How many lines may be written: a purse of `lines_max` that fills again at a steady rate.
class LineBudget {
 public:
  static constexpr double lines_max = 200;
  static constexpr double lines_per_second = 20;

  /// Whether one more line may be written at `now`.
  [[nodiscard]] bool spend(Instant now);

 private:
  double lines_ = lines_max;
  Instant filled_{};
};

class Log {
 public:
  /// Logs to `descriptor`, which stays the caller's. `journal_stream` is the environment variable
  /// of that name, or nullptr: "device:inode" of the journal's socket (systemd.exec(5)); only if
  /// `descriptor` is just that are lines written for the journal. Those with fields go to
  /// `journal_socket` (systemd's JOURNAL_NATIVE_PROTOCOL), and without it or when it takes none to
  /// `descriptor` with the priority ("<4>...").
  [[nodiscard]] static Log open(int descriptor, const char* journal_stream,
                                const char* journal_socket = "/run/systemd/journal/socket");

  /// Lines below this level are not written.
  void set_least(LogLevel least) { least_ = least; }

  /// Never waits, never fails: a line that can't be written now is lost, and counted.
  /// Limit: a line has at most 2 KiB; what is longer is cut.
  void write(LogLevel level, std::string_view sentence) { write({level, std::string(sentence)}); }
  void write(const WriteLog& line);

  [[nodiscard]] std::uint64_t lost() const { return lost_in_all_; }

 private:
  enum class Kind : std::uint8_t { socket, own, file };

  [[nodiscard]] bool put(const std::string& line) const;
  [[nodiscard]] bool put_fields(const WriteLog& line) const;

  int descriptor_ = 2;
  Descriptor own_;  ///< a description of our own, so that not waiting is ours alone
  Kind kind_ = Kind::file;
  bool journal_ = false;
  Descriptor fields_;  ///< connected to the journal; closed: there is none
  LogLevel least_ = LogLevel::info;
  LineBudget budget_;
  std::uint64_t lost_ = 0;  ///< since the last line that got through
  std::uint64_t lost_in_all_ = 0;
};

}  // namespace hapx::appliance
