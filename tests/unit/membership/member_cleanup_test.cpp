// SPDX-License-Identifier: Apache-2.0
// An order for one node goes there, whoever coordinates.
#include <algorithm>

#include <gtest/gtest.h>

#include "membership/member.hpp"
#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

class OrdersForOneNode : public ::testing::Test {
 protected:
  void begin() {
    world_.emplace(3, Timing{}, 1);
    for (std::size_t i = 0; i < 3; ++i) world_->start(i);
    world_->run_for(1s);
    ASSERT_TRUE(world_->coordinator().has_value());
  }
  NodeName name(std::size_t node) { return world_->machines[node].config.name; }
  void ask(std::size_t at, std::size_t of, std::uint64_t id) {
    world_->with(at, [&](Member& member, Instant now) {
      return member.order({id, name(at), Cleanup{ServiceName("kube"), name(of)}}, now);
    });
  }
  std::vector<Order> arrived(std::size_t node) {
    std::vector<Order> orders;
    for (const OrderArrived& news : world_->news<OrderArrived>(node)) orders.push_back(news.order);
    return orders;
  }
  /// The node does as it was asked.
  void answer(std::size_t node, std::uint64_t id, std::size_t to) {
    world_->with(node, [&](Member& member, Instant now) {
      return member.answer({id, name(to), OrderOutcome::accepted, "forgotten"}, now);
    });
  }

  std::optional<World> world_;
};

TEST_F(OrdersForOneNode, reach_it_alone_and_are_answered) {
  begin();
  for (std::size_t at = 0; at < 3; ++at) {
    const std::size_t of = (at + 1) % 3;
    const std::uint64_t id = 100 + at;
    ask(at, of, id);
    world_->run_for(200ms);
    ASSERT_EQ(arrived(of).size(), 1U) << "once, however often it was said";
    EXPECT_EQ(arrived(of)[0].from, name(at));
    EXPECT_EQ(std::get<Cleanup>(arrived(of)[0].what).service, ServiceName("kube"));
    EXPECT_FALSE(world_->answer(at, id).has_value());
    answer(of, id, at);
    world_->run_for(200ms);
    ASSERT_TRUE(world_->answer(at, id).has_value());
    EXPECT_EQ(world_->answer(at, id)->outcome, OrderOutcome::accepted);
  }
  for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(arrived(node).size(), 1U) << node;
}

TEST_F(OrdersForOneNode, that_nobody_answers_are_unknown) {
  begin();
  ask(0, 1, 100);
  world_->cut(0, 1, true);
  world_->run_for(3100ms);
  ASSERT_TRUE(world_->answer(0, 100).has_value());
  EXPECT_EQ(world_->answer(0, 100)->outcome, OrderOutcome::unknown);
  EXPECT_NE(world_->answer(0, 100)->sentence.find("node2 did not answer"), std::string::npos);
}

TEST_F(OrdersForOneNode, outlive_lost_and_doubled_datagrams) {
  begin();
  world_->weather.loss_permille = 500;
  world_->weather.doubling_permille = 500;
  std::size_t answered = 0;
  for (std::uint64_t id = 100; id < 108; ++id) {
    ask(0, 1, id);
    world_->run_for(1s);
    const auto orders = arrived(1);
    const auto of_this =
        std::ranges::count_if(orders, [&](const Order& order) { return order.id == id; });
    EXPECT_LE(of_this, 1);
    if (of_this == 1) answer(1, id, 0);
    world_->run_for(2100ms);
    const auto got = world_->answer(0, id);
    if (got && got->outcome == OrderOutcome::accepted) ++answered;
  }
  EXPECT_GE(answered, 6U);
}

}  // namespace
}  // namespace hapx::membership
