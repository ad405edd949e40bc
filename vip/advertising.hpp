// SPDX-License-Identifier: Apache-2.0
// What is BIRD to be asked next, and what do its answers mean for our addresses?
//
// Each routed address has a protocol of its own in BIRD's configuration (`direct`, by the name of
// bird_protocol_of), which sees the address while the kernel has it, and only while the protocol is
// enabled. That is the switch: enabled when the address is to be announced, disabled when it is let
// go of. So a route needs both, the kernel's word and ours, and ours alone can't keep it.
//
// Like somebody who keeps a list beside the telephone: one question at a time, the next one when
// the answer has come. A look is made now and then: is BIRD there, has it our protocols, has it a
// session for each family, is every switch as we left it? A switch that nobody has spoken of is
// left as it is: it may be an earlier incarnation's, and its holder says what becomes of it.
//
// It knows no socket and no clock: who asks at the right times is vip/io/bird_door.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/net.hpp"
#include "vip/action.hpp"
#include "vip/bird_reply.hpp"
#include "vip/event.hpp"

namespace hapx::vip {

/// Limit: of BIRD's sessions so many are asked whether they have a route.
inline constexpr std::size_t sessions_asked_max = 16;
/// BIRD hears of an address from the kernel, as we do, and perhaps later: so many looks are made
/// until it has to have the route.
inline constexpr unsigned looks_until_exported_max = 50;

class Advertising {
 public:
  /// From now on these addresses are ours; of the others nothing is said any more.
  void watch(const std::vector<IpAddress>& addresses);

  void carry_out(const Advertise& action);
  void carry_out(const Withdraw& action);

  /// The socket is open. BIRD greets, unasked, and that is the first answer.
  void connected();
  /// It is not (any more); `reason` is a sentence of at most 120 bytes.
  void lost(const std::string& reason);
  /// It is time for a look. Nothing happens while one goes on.
  void look();

  /// The next line to send, without its end. Nothing while an answer is waited for.
  [[nodiscard]] std::optional<std::string> next_command();
  void hear(const BirdAnswer& answer);
  /// An answer is waited for.
  [[nodiscard]] bool waits() const { return asked_.has_value(); }
  /// A route is waited for, so the next look is due soon.
  [[nodiscard]] bool hurries() const;

  /// What there is to tell, in order.
  [[nodiscard]] std::vector<Event> take_events();

 private:
  /// A command, and for whom.
  struct Greeting {};
  struct Protocols {};
  struct Switch {
    IpAddress address;
    bool on = false;
  };
  struct Exported {
    IpAddress address;
    std::string session;
  };
  using Question = std::variant<Greeting, Protocols, Switch, Exported>;

  struct Place {
    std::optional<bool> wanted;  ///< the switch; absent: nobody has said
    std::optional<bool> on;      ///< the switch, as BIRD says; absent: it has no such protocol
    InterfaceName interface;     ///< of the Advertise that is not answered yet
    unsigned advertises = 0;     ///< so many are not answered yet
    unsigned looks_left = 0;     ///< until the route has to be there
    bool seen = false;           ///< by this look: a session has the route
    std::optional<RoutingChanged> told{};
  };

  [[nodiscard]] std::string command_of(const Question& question) const;
  void on(const Greeting& question, const BirdAnswer& answer);
  void on(const Protocols& question, const BirdAnswer& answer);
  void on(const Switch& question, const BirdAnswer& answer);
  void on(const Exported& question, const BirdAnswer& answer);

  void ask_about_routes();
  void end_look_if_done();
  void answer_advertise(const IpAddress& address, Place& place, const std::string& trouble);
  void tell_changes();
  /// The established sessions that tell routers of addresses like this one.
  [[nodiscard]] std::vector<std::string> sessions_for(const IpAddress& address) const;
  [[nodiscard]] std::string obstacle_of(const IpAddress& address, const Place& place) const;

  std::map<IpAddress, Place> places_;
  /// Why nothing is known of BIRD; empty: all is known; absent: it was not asked yet.
  std::optional<std::string> trouble_;
  std::vector<BirdProtocol> sessions_;  ///< established
  std::deque<Question> questions_;
  std::optional<Question> asked_;
  bool open_ = false;
  bool greeted_ = false;
  bool looks_ = false;  ///< a look goes on
  std::vector<Event> events_;
};

}  // namespace hapx::vip
