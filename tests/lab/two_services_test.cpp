// SPDX-License-Identifier: Apache-2.0
// Two services with an address each: on two nodes by their locations, each node the other's standby
// (the third is a witness); and one of them coming and going by reload while the other is used.
#include "clients.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

class TwoServices : public Ground {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);  // a client here may write to a connection that was cut
    Ground::SetUp();
    if (IsSkipped()) return;
    ASSERT_NO_FATAL_FAILURE(build(Wishes{.witness = true}));
    second_ = plan();
    second_.service = ServiceName("registry");
    second_.vip = Cidr{ipv4(192, 168, 4, 21), plan().vip.prefix};
    second_.watcher_address = ipv4(192, 168, 4, 102);
  }

  /// A file with the first service and these lines of its own.
  [[nodiscard]] std::string one_service(const std::string& lines = "") const {
    return render_config(plan()) + lines;
  }
  /// A file with both.
  [[nodiscard]] std::string two_services(const std::string& of_first,
                                         const std::string& of_second) const {
    const std::string other = render_config(second_);
    return one_service(of_first) + other.substr(other.find("    - name: registry")) + of_second;
  }
  static std::string prefers(unsigned number, unsigned by) {
    return "      location: {node" + std::to_string(number) + ": " + std::to_string(by) + "}\n";
  }

  /// Begins with this file, and waits until its services are at these nodes.
  void begin(const std::string& text, unsigned first, unsigned second) {
    ASSERT_TRUE(write_file(plan().config_file, text));
    start_all();
    ASSERT_TRUE(come_to(first, second));
  }
  void reload(const std::string& text) const {
    ASSERT_TRUE(write_file(plan().config_file, text));
    for (const unsigned number : {1U, 2U, 3U}) signal_all(number, {keeper_name}, SIGHUP);
  }

  /// Where it is served, as the witness sees it; 0: nowhere.
  [[nodiscard]] unsigned server_of(const Plan& which) const {
    const Status seen = status(3);
    const auto found = std::ranges::find(seen.services, which.service, &ServiceStatus::name);
    if (found == seen.services.end() || !served(*found)) return 0;
    for (const unsigned number : {1U, 2U}) {
      if (found->holder == node(number).name) return number;
    }
    return 0;
  }
  bool come_to(unsigned first, unsigned second) const {
    return comes(
        "the services at node" + std::to_string(first) + " and node" + std::to_string(second),
        [&] { return server_of(plan()) == first && server_of(second_) == second; });
  }
  /// Nothing keeps the node from either service.
  [[nodiscard]] bool is_candidate(unsigned number) const {
    const Status seen = status(3);
    return std::ranges::all_of(seen.services, [&](const ServiceStatus& service) {
      const auto place = std::ranges::find(service.nodes, node(number).name, &ServiceOnNode::node);
      return place != service.nodes.end() && place->excluded.empty() && place->haproxy_fit &&
             place->healthy_api_servers == place->api_servers;
    });
  }
  [[nodiscard]] bool has_second_address(unsigned number) const {
    return output_in(node(number).netns, {"ip", "-4", "addr"}).find(to_string(second_.vip)) !=
           std::string::npos;
  }
  void expect_answers_of(const Onlooker& onlooker, unsigned number) const {
    ASSERT_TRUE(onlooker.watcher.last());
    EXPECT_EQ(to_string(onlooker.watcher.last()->mac), to_string(node(number).mac));
  }

  Plan second_;  ///< of the same lab, as the second service's clients see it
};

/// How much each service wants a node of its own; it runs with a stickiness of 200.
class EachOnItsNode : public TwoServices, public testing::WithParamInterface<unsigned> {
 protected:
  [[nodiscard]] static bool returns() { return GetParam() > 200; }
};

TEST_P(EachOnItsNode, IsTakenOverByTheOtherAndReturnsOnlyIfItIsWantedMoreThanItSticks) {
  const std::string text = two_services(prefers(1, GetParam()), prefers(2, GetParam()));
  ASSERT_NO_FATAL_FAILURE(begin(text, 1, 2));
  const Onlooker first = look_on(plan());
  const Onlooker second = look_on(second_);
  EXPECT_TRUE(a_client_is_served(plan()));
  EXPECT_TRUE(a_client_is_served(second_));
  expect_answers_of(first, 1);
  expect_answers_of(second, 2);

  ASSERT_TRUE(lab_->power_off(node(1)));
  ASSERT_TRUE(come_to(2, 2));
  EXPECT_TRUE(a_client_is_served(plan()));
  EXPECT_TRUE(a_client_is_served(second_));
  expect_answers_of(first, 2);

  let_the_wire_see_who_left();
  ASSERT_TRUE(lab_->power_on(node(1)));
  start(1);
  ASSERT_TRUE(comes("node1 is a candidate", [&] { return is_candidate(1); }));
  ASSERT_TRUE(come_to(returns() ? 1 : 2, 2));
  EXPECT_TRUE(a_client_is_served(plan()));
  expect_answers_of(first, returns() ? 1 : 2);
  expect_answers_of(second, 2);
  EXPECT_TRUE(first.wire().is_one_holder());
  EXPECT_TRUE(second.wire().is_one_holder());
  EXPECT_EQ(second.wire().tenures.size(), 1U) << "the other service was never moved";
}

INSTANTIATE_TEST_SUITE_P(Lab, EachOnItsNode, testing::Values(150U, 1000U), [](const auto& each) {
  return "PreferredBy" + std::to_string(each.param);
});

TEST_F(TwoServices, AFailureThatMeansStandbyEmptiesTheNodeOfBoth) {
  const std::string text =
      two_services(prefers(1, 1000) + "      onFail: {haproxy: standby}\n", prefers(1, 1000));
  ASSERT_NO_FATAL_FAILURE(begin(text, 1, 1));
  signal_all(1, {haproxy_name}, SIGKILL);
  ASSERT_TRUE(come_to(2, 2));
  EXPECT_TRUE(a_client_is_served(plan()));
  EXPECT_TRUE(a_client_is_served(second_));
  const auto cleaned = lab_->ask(node(3), {"cleanup", plan().service.text()});
  ASSERT_TRUE(cleaned) << cleaned.error().sentence;
  EXPECT_EQ(cleaned->code, 0) << cleaned->output << cleaned->errors;
  EXPECT_TRUE(come_to(1, 1)) << "both prefer it";
}

TEST_F(TwoServices, TheSecondComesAndGoesByReloadAndTheFirstIsUsedWithoutACut) {
  ASSERT_TRUE(write_file(plan().config_file, one_service()));
  start_all();
  ASSERT_TRUE(comes("the first service", [&] { return server_of(plan()) != 0; }));
  const unsigned server = server_of(plan());
  const Onlooker onlooker = look_on(plan());
  constexpr std::size_t streams_count = 20;
  Streams streams(plan(), streams_count);
  Requests requests(plan(), 100);

  ASSERT_NO_FATAL_FAILURE(reload(two_services("", "")));
  ASSERT_TRUE(comes("the second service", [&] { return server_of(second_) != 0; }));
  EXPECT_TRUE(a_client_is_served(second_));
  // A HAProxy that is still to take over when the next file comes is killed, with what it has
  // accepted (docs/decisions/0015).
  for (const unsigned number : {1U, 2U}) {
    ASSERT_TRUE(comes("the HAProxy with it", [&] {
      return log_has(number, "another HAProxy took over with the changed config");
    }));
  }

  ASSERT_NO_FATAL_FAILURE(reload(one_service()));
  ASSERT_TRUE(comes("the second service is nowhere", [&] {
    return status(3).services.size() == 1 && !has_second_address(1) && !has_second_address(2);
  }));
  for (const unsigned number : {1U, 2U}) {
    EXPECT_TRUE(comes("HAProxy's config without it", [&] {
      const auto text = read_file(node(number).run_folder + "/haproxy.cfg");
      return text && text->find("registry") == std::string::npos;
    }));
  }
  const Tally asked = requests.stop();
  const std::size_t living = streams.stop();
  std::cout << asked.attempts << " new connections, " << asked.failures << " failed; of "
            << streams_count << " streams " << living << " lived on\n";
  EXPECT_EQ(asked.failures, 0U) << asked.sample;
  EXPECT_EQ(living, streams_count) << streams.tally().sample;
  EXPECT_EQ(server_of(plan()), server);
  EXPECT_TRUE(onlooker.wire().is_one_holder());
  EXPECT_EQ(onlooker.wire().tenures.size(), 1U) << "it was never moved";
}

}  // namespace
}  // namespace hapx::appliance::lab
