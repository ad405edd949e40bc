// SPDX-License-Identifier: Apache-2.0
// What do a drill and its agents say to each other?
//
// On each node that a drill of a real cluster reaches, an agent (`hapx drill agent`) sits at the
// end of a pipe, mostly one of ssh. It is asked in lines and answers in lines, one for one: a JSON
// object with one key, which says what the line is. Both ends may be of different versions, so each
// first says which language it speaks. Whatever else comes down the line (a banner, half a line, a
// megabyte of nothing) is refused with a sentence. Nothing is read or written here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "appliance/drill/fault.hpp"
#include "appliance/drill/outage.hpp"
#include "appliance/past_drill.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::drill {

/// Of both ends; another number is another language.
inline constexpr unsigned agent_language = 1;
/// Limit: a longer line is no line. The journal of a node fits in.
inline constexpr std::size_t agent_line_bytes_max = 4 * 1024 * 1024;
/// Limit: of a question to hapx.
inline constexpr std::size_t asked_words_max = 16;

/// The first line: who are you, and can you do it?
struct Greet {
  unsigned language = agent_language;
  InterfaceName card;  ///< that of the address; its hardware address is asked for

  friend bool operator==(const Greet&, const Greet&) = default;
};

/// What does hapx say to these words there?
struct AskHapx {
  std::vector<std::string> words;

  friend bool operator==(const AskHapx&, const AskHapx&) = default;
};

/// Do this fault now. All that it takes to do it is in it, so that an agent reads no file.
struct Strike {
  Fault fault = Fault::daemon_kill;
  Duration length{};  ///< then it is undone; zero: it does not last
  Cidr address;       ///< that of the service, as hapxd added it
  InterfaceName card;
  std::uint16_t port = 0;  ///< of heartbeats

  friend bool operator==(const Strike&, const Strike&) = default;
};

/// End it; no failure where it has ended already.
struct Undo {
  friend bool operator==(const Undo&, const Undo&) = default;
};

/// The drill is over; hapxd there is to remember what came of it. Answered by HapxSaid.
struct Remember {
  PastDrill drill;

  friend bool operator==(const Remember&, const Remember&) = default;
};

/// The first line to a machine that only looks on: ask for this address, as a drill's client does.
/// Said again, it begins anew. It wants neither a right nor a hapxd.
struct Look {
  unsigned language = agent_language;
  Endpoint endpoint;

  friend bool operator==(const Look&, const Look&) = default;
};

/// What came of the requests that began in this time? Counted back from now, for clocks differ.
struct Tell {
  Duration from{};
  Duration struck{};  ///< when the fault was done
  Duration until{};

  friend bool operator==(const Tell&, const Tell&) = default;
};

using AgentRequest = std::variant<Greet, AskHapx, Strike, Undo, Remember, Look, Tell>;

/// An agent that is ready.
struct Greeting {
  unsigned language = agent_language;
  std::string version;            ///< of hapx
  NodeName node;                  ///< as its hapxd calls it
  bool may_strike = false;        ///< it is root
  std::optional<MacAddress> mac;  ///< absent: there is no such card

  friend bool operator==(const Greeting&, const Greeting&) = default;
};

struct HapxSaid {
  int code = 0;  ///< its exit status
  std::string output;
  std::string errors;

  friend bool operator==(const HapxSaid&, const HapxSaid&) = default;
};

struct Struck {
  Duration ago{};  ///< since just before it was done; negative: it will be

  friend bool operator==(const Struck&, const Struck&) = default;
};

struct Undone {
  Duration ago{};  ///< since its end began

  friend bool operator==(const Undone&, const Undone&) = default;
};

struct NotDone {
  std::string sentence;  ///< why

  friend bool operator==(const NotDone&, const NotDone&) = default;
};

/// A machine that looks on.
struct Looking {
  unsigned language = agent_language;
  std::string version;  ///< of hapx
  std::string host;     ///< as it calls itself

  friend bool operator==(const Looking&, const Looking&) = default;
};

/// What it saw: counts, outage and latencies; no instants, which would be of its own clock.
struct Seen {
  Service service;

  friend bool operator==(const Seen&, const Seen&) = default;
};

using AgentAnswer = std::variant<Greeting, HapxSaid, Struck, Undone, NotDone, Looking, Seen>;

/// One line, without its newline. What is not UTF-8 in it is replaced.
[[nodiscard]] std::string to_line(const AgentRequest& request);
[[nodiscard]] std::string to_line(const AgentAnswer& answer);

/// Total. A request that is no question of a drill (`hapx keygen`, say) is refused, too.
[[nodiscard]] Result<AgentRequest> parse_agent_request(std::string_view line);
[[nodiscard]] Result<AgentAnswer> parse_agent_answer(std::string_view line);

}  // namespace hapx::appliance::drill
