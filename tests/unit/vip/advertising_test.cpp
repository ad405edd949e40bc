// SPDX-License-Identifier: Apache-2.0
#include "vip/advertising.hpp"

#include <gtest/gtest.h>

namespace hapx::vip {
namespace {

const IpAddress address = ipv4(10, 9, 0, 1);
const IpAddress other = *parse_ip("fd00:9::1");
const InterfaceName loopback("lo");

/// A BIRD as far as we see of one.
struct Bird {
  std::map<std::string, bool> switches{{"hapx_10_9_0_1", false}, {"hapx_fd00_9__1", false}};
  std::map<std::string, bool> sessions{{"upstream", true}};
  std::vector<std::string> channels{"ipv4", "ipv6"};
  bool exports = true;
  bool obeys = true;
  std::vector<std::string> heard;

  BirdAnswer answer(const std::string& command) {
    heard.push_back(command);
    const auto end = BirdLine{0, ""};
    if (command == show_protocols) {
      BirdAnswer all;
      for (const auto& [name, up] : switches)
        all.lines.push_back({1002, name + " Direct --- " + (up ? "up" : "down") + " 03:50:27"});
      for (const auto& [name, up] : sessions) {
        all.lines.push_back({1002, name + " BGP --- " + (up ? "up" : "start") + " 03:50:27"});
        for (const std::string& channel : channels) {
          all.lines.push_back({1006, "  Channel " + channel});
          all.lines.push_back({1006, up ? "    State:          UP" : "    State:          DOWN"});
        }
      }
      all.lines.push_back(end);
      return all;
    }
    if (command.starts_with("show route")) {
      const std::string name =
          command.starts_with("show route 10.9.0.1/32") ? "hapx_10_9_0_1" : "hapx_fd00_9__1";
      if (!exports || !switches[name]) return {{{8001, "Network not found"}}};
      return {{{1007, "Table master4:"}, {1007, "..."}, end}};
    }
    if (!obeys) return {{{8007, "Access denied"}}};
    const bool on = command.starts_with("enable ");
    switches[command.substr(command.find(' ') + 1)] = on;
    return {{{on ? 11U : 9U, "done"}, end}};
  }
};

class Conversation : public testing::Test {
 protected:
  Conversation() { advertising_.watch({address, other}); }

  void connect() {
    advertising_.connected();
    EXPECT_EQ(advertising_.next_command(), std::nullopt) << "BIRD greets first";
    advertising_.hear({{{1, "BIRD 2.0.12 ready."}}});
    talk();
  }
  void talk() {
    while (const auto command = advertising_.next_command()) {
      EXPECT_TRUE(advertising_.waits());
      EXPECT_EQ(advertising_.next_command(), std::nullopt) << "one at a time";
      advertising_.hear(bird_.answer(*command));
    }
  }
  void look() {
    advertising_.look();
    talk();
  }
  void advertise(const IpAddress& which = address) {
    advertising_.carry_out(Advertise{loopback, which});
    talk();
  }
  void withdraw(const IpAddress& which = address) {
    advertising_.carry_out(Withdraw{which});
    talk();
  }

  /// What was told of `address` since the last time, in short.
  std::vector<std::string> told() {
    std::vector<std::string> all;
    for (const Event& event : advertising_.take_events()) {
      if (const auto* one = std::get_if<RoutingChanged>(&event); one && one->address == address)
        all.push_back((one->switched_on ? "on " : "off ") + one->obstacle);
      if (const auto* one = std::get_if<AnnouncementSent>(&event); one && one->address == address)
        all.emplace_back("sent");
      if (const auto* one = std::get_if<AnnouncementFailed>(&event); one && one->address == address)
        all.push_back("failed: " + one->error.sentence);
    }
    return all;
  }
  using Told = std::vector<std::string>;

  Bird bird_;
  Advertising advertising_;
};

TEST_F(Conversation, nothing_is_told_before_bird_has_been_asked) {
  EXPECT_EQ(told(), Told{});
  connect();
  EXPECT_EQ(told(), Told{"off "});
  look();
  EXPECT_EQ(told(), Told{}) << "no news";
}

TEST_F(Conversation, an_address_is_advertised_when_a_session_has_its_route) {
  connect();
  (void)told();
  advertise();
  EXPECT_EQ(told(), (Told{"sent", "on "}));
  EXPECT_TRUE(bird_.switches["hapx_10_9_0_1"]);
  EXPECT_FALSE(bird_.switches["hapx_fd00_9__1"]);
  withdraw();
  EXPECT_EQ(told(), Told{"off "});
  EXPECT_FALSE(bird_.switches["hapx_10_9_0_1"]);
}

TEST_F(Conversation, a_reminder_only_looks) {
  connect();
  advertise();
  (void)told();
  advertise();
  EXPECT_EQ(told(), Told{"sent"});
}

TEST_F(Conversation, a_route_may_come_late) {
  connect();
  (void)told();
  bird_.exports = false;
  advertise();
  EXPECT_EQ(told(), Told{"on "});
  EXPECT_TRUE(advertising_.hurries());
  look();
  EXPECT_EQ(told(), Told{});
  bird_.exports = true;
  look();
  EXPECT_EQ(told(), Told{"sent"});
  EXPECT_FALSE(advertising_.hurries());
}

TEST_F(Conversation, a_route_that_never_comes_is_told) {
  connect();
  (void)told();
  bird_.exports = false;
  advertise();
  for (unsigned i = 0; i < looks_until_exported_max; ++i) look();
  EXPECT_EQ(told(), (Told{"on ",
                          "failed: no BGP session of BIRD exports the route of hapx_10_9_0_1; does "
                          "its export filter let it pass?"}));
}

TEST_F(Conversation, without_a_session_nothing_can_be_advertised) {
  bird_.sessions["upstream"] = false;
  connect();
  EXPECT_EQ(told(), Told{"off BIRD has no established BGP session"});
  advertise();
  EXPECT_EQ(told(), (Told{"failed: BIRD has no established BGP session",
                          "on BIRD has no established BGP session"}));
  bird_.sessions["upstream"] = true;
  look();
  EXPECT_EQ(told(), Told{"on "});
}

TEST_F(Conversation, of_several_sessions_one_is_enough) {
  bird_.sessions = {{"a", false}, {"b", true}, {"c'", true}};
  connect();
  advertise();
  EXPECT_EQ(told().at(1), "sent");
  EXPECT_EQ(bird_.heard.back(), "show route 10.9.0.1/32 exported 'b'");
}

TEST_F(Conversation, a_session_of_the_other_family_is_none) {
  connect();
  advertise();
  (void)told();
  bird_.channels = {"ipv6"};
  look();
  EXPECT_EQ(told(), Told{"on BIRD has no established BGP session with a channel ipv4"});
  advertise();
  EXPECT_EQ(told(), Told{"failed: BIRD has no established BGP session with a channel ipv4"});
  bird_.channels = {"ipv4"};
  look();
  EXPECT_EQ(told(), Told{"on "});
}

TEST_F(Conversation, a_protocol_that_is_missing_is_named) {
  bird_.switches.erase("hapx_10_9_0_1");
  connect();
  EXPECT_EQ(told(), Told{"off BIRD has no protocol hapx_10_9_0_1"});
}

TEST_F(Conversation, a_switch_that_nobody_spoke_of_is_left_alone) {
  bird_.switches["hapx_10_9_0_1"] = true;
  connect();
  look();
  EXPECT_EQ(told(), Told{"on "});
  EXPECT_TRUE(bird_.switches["hapx_10_9_0_1"]);
  withdraw();
  EXPECT_FALSE(bird_.switches["hapx_10_9_0_1"]);
}

TEST_F(Conversation, a_switch_that_somebody_changed_is_put_back) {
  connect();
  advertise();
  bird_.switches["hapx_10_9_0_1"] = false;
  look();
  EXPECT_TRUE(bird_.switches["hapx_10_9_0_1"]);
  withdraw();
  bird_.switches["hapx_10_9_0_1"] = true;
  look();
  EXPECT_FALSE(bird_.switches["hapx_10_9_0_1"]);
}

TEST_F(Conversation, a_bird_that_ends_and_begins_is_switched_as_it_was_left) {
  connect();
  advertise();
  (void)told();
  advertising_.lost("BIRD has closed its control socket");
  EXPECT_EQ(told(), Told{"off BIRD has closed its control socket"});
  advertising_.carry_out(Withdraw{address});
  bird_.switches["hapx_10_9_0_1"] = true;
  connect();
  EXPECT_EQ(told(), Told{"off "});
  EXPECT_FALSE(bird_.switches["hapx_10_9_0_1"]);
}

TEST_F(Conversation, what_was_asked_for_has_an_answer_when_bird_ends) {
  connect();
  (void)told();
  advertising_.carry_out(Advertise{loopback, address});
  (void)advertising_.next_command();
  advertising_.lost("BIRD does not answer");
  EXPECT_EQ(told(), (Told{"failed: BIRD does not answer", "off BIRD does not answer"}));
  advertise();
  EXPECT_EQ(told(), Told{"failed: BIRD does not answer"});
  EXPECT_FALSE(advertising_.waits());
}

TEST_F(Conversation, what_bird_refuses_is_told_in_its_words) {
  connect();
  (void)told();
  bird_.obeys = false;
  advertise();
  EXPECT_EQ(told().at(0), "failed: BIRD refused to enable hapx_10_9_0_1: Access denied");
}

TEST_F(Conversation, an_answer_that_nobody_waits_for_is_passed_over) {
  connect();
  (void)told();
  advertising_.hear({{{1002, "hapx_10_9_0_1 Direct --- up 03:50:27"}, {0, ""}}});
  look();
  EXPECT_EQ(told(), Told{});
}

TEST_F(Conversation, addresses_are_apart) {
  connect();
  advertise(other);
  EXPECT_TRUE(bird_.switches["hapx_fd00_9__1"]);
  EXPECT_FALSE(bird_.switches["hapx_10_9_0_1"]);
  EXPECT_EQ(told(), Told{"off "});
  advertising_.watch({address});
  advertise(other);
  for (const Event& event : advertising_.take_events())
    EXPECT_FALSE(std::holds_alternative<AnnouncementSent>(event)) << "it is ours no more";
}

}  // namespace
}  // namespace hapx::vip
