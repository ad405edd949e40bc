// SPDX-License-Identifier: Apache-2.0
// Where a real service is placed by what Pacemaker would not know: the carrier of the VIP's
// interface, whether HAProxy is fit, and how many kube-apiservers are seen.
#include "second_wire.hpp"

namespace hapx::appliance::lab {
namespace {

template <class Base>
class Placed : public Base {
 protected:
  /// `of`, as `by` sees it; default values while nobody answers.
  [[nodiscard]] ServiceOnNode place(unsigned by, unsigned of) const {
    const Status seen = this->status(by);
    if (seen.services.empty()) return {};
    const auto& places = seen.services[0].nodes;
    const auto found = std::ranges::find(places, this->node(of).name, &ServiceOnNode::node);
    return found == places.end() ? ServiceOnNode{} : *found;
  }
  /// Two of the three that are not this one, the lower name first.
  [[nodiscard]] static std::pair<unsigned, unsigned> others(unsigned number) {
    return {number == 1 ? 2 : 1, number == 3 ? 2 : 3};
  }
};

using CarrierOfTheVip = Placed<SecondWire>;

TEST_F(CarrierOfTheVip, LostOnTheHolderMovesTheServiceThoughItsNodeIsHere) {
  ASSERT_NO_FATAL_FAILURE(begin());
  for (const unsigned number : {1U, 2U, 3U}) {
    plug_in(node(number).netns, "late" + std::to_string(number), "late0");
  }
  start_all({.config_file = config_});
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  const auto [one, other] = others(server);
  in_wire("ip link set late" + std::to_string(server) + " down");
  const unsigned next = who_comes_to_serve({one, other});
  ASSERT_NE(next, 0U);
  EXPECT_TRUE(a_client_is_served(second_));
  const std::string reason = "interface late0 has no carrier";
  EXPECT_TRUE(comes("the reason is told", [&] {
    return place(next, server).excluded.find(reason) != std::string::npos;
  }));
  comes_to_say(next,
               node(server).name.text() + " can't hold " + plan().service.text() + ": " + reason);
  const Status seen = status(next);
  EXPECT_TRUE(std::ranges::all_of(seen.members, [](const MemberStatus& member) {
    return member.state == MemberState::online;
  })) << "heartbeats go another way";

  in_wire("ip link set late" + std::to_string(server) + " up");
  EXPECT_TRUE(comes("it is a candidate again", [&] {
    const ServiceOnNode here = place(next, server);
    return here.link_up && here.excluded.empty();
  }));
  EXPECT_TRUE(serves(status(next))) << "it stays where it is";
}

using FitnessOfHaproxy = Placed<Ground>;

TEST_F(FitnessOfHaproxy, ANodeWithoutAFitOneIsPassedOverInAFailover) {
  ASSERT_NO_FATAL_FAILURE(build());
  const auto real = run({"sh", "-c", "command -v haproxy || echo /usr/sbin/haproxy"}, {});
  ASSERT_TRUE(real);
  const std::string program = real->output.substr(0, real->output.size() - 1);
  const auto own = [&](unsigned number) {
    return file("own" + std::to_string(number) + "/haproxy");
  };
  for (const unsigned number : {1U, 2U, 3U}) {
    ASSERT_TRUE(make_folder(file("own" + std::to_string(number))));
    ASSERT_TRUE(run_well({"ln", "-s", program, own(number)}, {}));
    start(number, {.arguments = {"--haproxy", own(number)}});
  }
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  const auto [unfit, next] = others(server);  // by name, the unfit one would be first
  ASSERT_TRUE(run_well({"rm", own(unfit)}, {}));
  signal_all(unfit, {haproxy_name}, SIGKILL);
  comes_to_say(server, "HAProxy is not fit on " + node(unfit).name.text());
  ASSERT_TRUE(comes("the next one knows",
                    [&, unfit = unfit, next = next] { return !place(next, unfit).haproxy_fit; }));

  ASSERT_TRUE(lab_->power_off(node(server)));
  ASSERT_TRUE(comes_to_serve(next));
  EXPECT_NE(place(next, unfit).excluded.find("HAProxy is not fit"), std::string::npos)
      << place(next, unfit).excluded;
  EXPECT_TRUE(a_client_is_served(plan()));

  ASSERT_TRUE(run_well({"ln", "-s", program, own(unfit)}, {}));
  EXPECT_TRUE(comes("it is a candidate again", [&, unfit = unfit, next = next] {
    const ServiceOnNode here = place(next, unfit);
    return here.haproxy_fit && here.excluded.empty();
  }));
}

class SightOfApiservers : public Placed<Ground> {
 protected:
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build());
    // A node believes a loss after five seconds, so a flap has to be noticed much sooner.
    const std::string text = read_file(plan().config_file).value();
    ASSERT_TRUE(write_file(plan().config_file, text + "      healthCheck: {interval: 100ms}\n"));
    start_all();
    server_ = settled();
    ASSERT_NE(server_, 0U);
    for (const unsigned number : {1U, 2U, 3U}) ASSERT_TRUE(comes_to_tell(number, 3));
  }

  /// Of all nodes, this one alone loses its way to an apiserver, and finds it again.
  void lose_sight(unsigned number) const { route(number, "add"); }
  void regain_sight(unsigned number) const { route(number, "del"); }
  /// As its HAProxy sees them at this moment.
  bool comes_to_see(unsigned number, std::ptrdiff_t healthy) const {
    return comes(
        node(number).name.text() + " sees " + std::to_string(healthy) + " apiservers", [&] {
          const Status seen = status(number);
          return !seen.services.empty() && !seen.services[0].backends.empty() &&
                 std::ranges::count_if(seen.services[0].backends, &ServerStatus::up) == healthy;
        });
  }
  /// As it tells the others, when it has settled.
  bool comes_to_tell(unsigned number, std::uint32_t healthy) const {
    return comes(node(number).name.text() + " tells of " + std::to_string(healthy) + " apiservers",
                 [&] { return place(number, number).healthy_api_servers == healthy; });
  }

  unsigned server_ = 0;

 private:
  void route(unsigned number, const std::string& verb) const {
    do_in(node(number).netns,
          {"ip", "route", verb, "prohibit", to_string(plan().apiservers[0].address) + "/32"});
  }
};

TEST_F(SightOfApiservers, ThatIsLostForAMomentMovesNothing) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  lose_sight(server_);
  ASSERT_TRUE(comes_to_see(server_, 2));
  regain_sight(server_);
  ASSERT_TRUE(comes_to_see(server_, 3));
  expect_undisturbed(onlooker, server_);
}

/// Nodes see them go and come back one after the other, in another order each.
TEST_F(SightOfApiservers, ThatIsLostOnAllNodesMovesNothing) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const auto all_tell = [&](std::uint32_t healthy) {
    for (const unsigned number : {1U, 2U, 3U}) ASSERT_TRUE(comes_to_tell(number, healthy));
  };
  for (const Health health : {Health::dead, Health::well}) {
    for (const ApiserverPlan& server : plan().apiservers) {
      ASSERT_TRUE(lab_->tell(server, health));
    }
    ASSERT_NO_FATAL_FAILURE(all_tell(health == Health::well ? 3 : 0));
  }
  expect_undisturbed(onlooker, server_);
}

TEST_F(SightOfApiservers, ThatStaysWorseThanElsewhereMovesTheService) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const auto [one, other] = others(server_);
  lose_sight(server_);
  const unsigned next = who_comes_to_serve({one, other});
  ASSERT_NE(next, 0U);
  const Status seen = status(next);
  EXPECT_NE(seen.services[0].reason.find("sees the most healthy apiservers (3)"), std::string::npos)
      << seen.services[0].reason;
  regain_sight(server_);
  ASSERT_TRUE(comes_to_tell(server_, 3));
  EXPECT_TRUE(serves(status(next))) << "as good as the other is no reason to go back";
  EXPECT_TRUE(onlooker.wire().is_one_holder());
}

}  // namespace
}  // namespace hapx::appliance::lab
