// SPDX-License-Identifier: Apache-2.0
// What has BIRD answered?
//
// BIRD (the BIRD Internet Routing Daemon, version 2) takes commands on its control socket, a line
// each, and answers as SMTP does: with lines of a four-digit code, then "-" where more lines follow
// and " " in the last one. A line that begins with a space goes on with the code before it, one
// that begins with "+" is a message of the log and belongs to no answer. (Its programmer's
// documentation, "Command line interface"; nest/cli.c.) Total on any bytes: what is no answer is
// refused, and nobody is to listen any longer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::vip {

/// Limit: a longer answer is none. (A router of the Internet has a thousand sessions of 2 KiB.)
inline constexpr std::size_t bird_answer_bytes_max = std::size_t{4} << 20U;

struct BirdLine {
  unsigned code = 0;
  std::string text;

  friend bool operator==(const BirdLine&, const BirdLine&) = default;
};

/// The last line ends it; mostly that says nothing more, and those before it how it went.
struct BirdAnswer {
  std::vector<BirdLine> lines;

  [[nodiscard]] bool has(unsigned code) const;
};

/// The codes that we know (doc/reply_codes of BIRD).
inline constexpr unsigned bird_ready = 1;
inline constexpr unsigned bird_already_disabled = 8;
inline constexpr unsigned bird_disabled = 9;
inline constexpr unsigned bird_already_enabled = 10;
inline constexpr unsigned bird_enabled = 11;
inline constexpr unsigned bird_protocol = 1002;
inline constexpr unsigned bird_details = 1006;
inline constexpr unsigned bird_route = 1007;

/// Puts answers together out of what the socket gives.
class BirdAnswers {
 public:
  /// What has become complete with these bytes, in order. Refused: BIRD doesn't speak so.
  [[nodiscard]] Result<std::vector<BirdAnswer>> take(std::string_view bytes);

 private:
  [[nodiscard]] Result<void> take_line(std::string_view line, std::vector<BirdAnswer>& complete);

  std::string rest_;  ///< of a line
  BirdAnswer answer_;
  std::size_t bytes_ = 0;  ///< of the answer that is not complete
};

/// A line of `show protocols all`, and those beneath it that tell of its channels.
struct BirdProtocol {
  std::string name;
  std::string kind;               ///< "BGP", "Direct", "Device", ...
  bool up = false;                ///< of a session: it is established
  std::vector<Family> carries{};  ///< of a session: whose channel is up

  friend bool operator==(const BirdProtocol&, const BirdProtocol&) = default;
};
inline constexpr std::string_view show_protocols = "show protocols all";
/// Lines that are none are passed over.
[[nodiscard]] std::vector<BirdProtocol> protocols_of(const BirdAnswer& answer);

/// The protocol of BIRD that is to see this address alone: hapx_10_9_0_1, hapx_fd00_9__1.
[[nodiscard]] std::string bird_protocol_of(const IpAddress& address);

/// Which routes to the address the session has been given. A session's name comes from BIRD: empty
/// if it is none that BIRD takes back.
[[nodiscard]] std::string show_exported(const IpAddress& address, std::string_view session);
[[nodiscard]] bool is_exported(const BirdAnswer& answer);

}  // namespace hapx::vip
