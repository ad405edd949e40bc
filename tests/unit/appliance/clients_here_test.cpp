// SPDX-License-Identifier: Apache-2.0
#include "appliance/clients_here.hpp"

#include <gtest/gtest.h>

namespace hapx::appliance {
namespace {

using namespace std::chrono_literals;

constexpr Instant start{1000s};
const Endpoint served = *parse_endpoint("192.168.4.20:6443");
const Endpoint first = *parse_endpoint("192.168.4.98:40001");
const Endpoint second = *parse_endpoint("192.168.4.99:40002");

class ClientsHereTest : public testing::Test {
 protected:
  /// What is wanted of the world at that instant.
  Actions converge(bool serves, const std::vector<Endpoint>& before, Instant now) {
    out_.actions.clear();
    clients_.converge(serves, before, now, out_);
    return out_.actions;
  }
  [[nodiscard]] static const vip::Tickle* tickle_in(const Actions& actions) {
    for (const auto& action : actions)
      if (const auto* one = std::get_if<vip::Tickle>(&action)) return one;
    return nullptr;
  }
  [[nodiscard]] static bool lists(const Actions& actions) {
    return std::ranges::any_of(actions, [](const Action& action) {
      return std::holds_alternative<vip::ListClients>(action);
    });
  }
  [[nodiscard]] std::vector<std::string> sentences() const {
    std::vector<std::string> all;
    for (const auto& entry : out_.entries) all.push_back(entry.sentence);
    return all;
  }
  void wake(const Endpoint& client, Instant now) {
    clients_.hear(vip::ClientWoken{served.address, client}, now);
  }

  ClientsHere clients_{ServiceName("kube-apiserver"), served};
  Decisions out_;
};

TEST_F(ClientsHereTest, nothing_is_done_where_the_address_is_not_served) {
  EXPECT_TRUE(converge(false, {first}, start).empty());
  EXPECT_EQ(clients_.next_deadline(), std::nullopt);
  EXPECT_TRUE(sentences().empty());
}

TEST_F(ClientsHereTest, looks_once_a_second_while_it_serves) {
  EXPECT_TRUE(converge(true, {}, start).empty());
  EXPECT_EQ(clients_.next_deadline(), start + 1s);
  const auto actions = converge(true, {}, start + 1s);
  ASSERT_TRUE(lists(actions));
  EXPECT_EQ(std::get<vip::ListClients>(actions.front()).port, 6443);
  EXPECT_FALSE(lists(converge(true, {}, start + 1500ms)));
  EXPECT_TRUE(lists(converge(true, {}, start + 2s)));
  clients_.hear(vip::ClientsListed{served.address, {first, second}});
  EXPECT_EQ(clients_.connected(), 2U);
  (void)converge(false, {}, start + 3s);
  EXPECT_EQ(clients_.connected(), 0U);
  EXPECT_EQ(clients_.next_deadline(), std::nullopt);
}

TEST_F(ClientsHereTest, wakes_those_of_the_holder_before_as_it_begins_to_serve) {
  const Actions actions = converge(true, {first, second}, start);
  const auto* tickle = tickle_in(actions);
  ASSERT_NE(tickle, nullptr);
  EXPECT_EQ(tickle->served, served);
  EXPECT_EQ(tickle->clients, (std::vector{first, second}));
  wake(second, start + 1ms);
  const Actions again = converge(true, {first, second}, start + 50ms);
  ASSERT_NE(tickle_in(again), nullptr);
  EXPECT_EQ(tickle_in(again)->clients, std::vector{first});
  wake(first, start + 52ms);
  (void)converge(true, {}, start + 52ms);
  EXPECT_EQ(sentences(),
            (std::vector<std::string>{
                "waking 2 clients that the holder of 192.168.4.20 before had",
                "all 2 clients of the holder before have woken, and find 192.168.4.20 here"}));
  EXPECT_EQ(out_.entries.back().reason, "the last one after 52ms");
  EXPECT_EQ(clients_.woken(), 2U);
  EXPECT_EQ(tickle_in(converge(true, {first, second}, start + 1s)), nullptr) << "once";
}

TEST_F(ClientsHereTest, who_has_not_answered_within_a_second_is_told_where_the_address_is) {
  (void)converge(true, {first, second}, start);
  wake(first, start + 1ms);
  std::vector<IpAddress> told;
  while (told.empty() && *clients_.next_deadline() <= start + 1s) {
    const Instant next = *clients_.next_deadline();
    for (const auto& action : converge(true, {}, next)) {
      const auto* one = std::get_if<vip::AnnounceToClients>(&action);
      if (one == nullptr) continue;
      EXPECT_EQ(next, start + 1s);
      EXPECT_EQ(one->address, served.address);
      told = one->clients;
    }
  }
  EXPECT_EQ(told, std::vector{second.address});
}

TEST_F(ClientsHereTest, who_does_not_answer_is_counted_and_named_by_number) {
  (void)converge(true, {first, second}, start);
  wake(first, start + 1ms);
  while (*clients_.next_deadline() < start + 3s)
    (void)converge(true, {}, *clients_.next_deadline());
  (void)converge(true, {}, start + 3s);
  EXPECT_EQ(sentences().back(), "1 of 2 clients of the holder before did not answer");
  EXPECT_EQ(clients_.woken(), 1U);
  EXPECT_EQ(clients_.silent(), 1U);
}

TEST_F(ClientsHereTest, who_is_a_client_now_is_not_waited_for_when_the_address_goes) {
  (void)converge(true, {first}, start);
  (void)converge(false, {first}, start + 10ms);
  EXPECT_EQ(clients_.next_deadline(), std::nullopt);
  EXPECT_EQ(clients_.silent(), 0U);
  EXPECT_NE(tickle_in(converge(true, {second}, start + 20ms)), nullptr) << "it came back";
}

TEST_F(ClientsHereTest, trouble_with_listing_is_told_once_and_again_after_it_was_over) {
  (void)converge(true, {}, start);
  const vip::ClientsNotListed trouble{served.address, {ErrorKind::forbidden, "not permitted", 1}};
  clients_.hear(trouble, start, out_);
  clients_.hear(trouble, start + 1s, out_);
  EXPECT_EQ(sentences(), std::vector<std::string>{"can't see who is connected to 192.168.4.20"});
  EXPECT_EQ(out_.entries.back().reason, "not permitted");
  clients_.hear(vip::ClientsListed{served.address, {}});
  clients_.hear(trouble, start + 2s, out_);
  EXPECT_EQ(sentences().size(), 2U);
}

}  // namespace
}  // namespace hapx::appliance
