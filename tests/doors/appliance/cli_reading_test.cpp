// SPDX-License-Identifier: Apache-2.0
// The verbs of `hapx` that look: once, and again and again while hapxd comes and goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/document.hpp"
#include "cli_rig.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Reading : public Cli {
 protected:
  void record(std::int64_t second, std::string sentence) {
    journal_.record({Instant(std::chrono::seconds(second)), JournalKind::member, std::nullopt,
                     std::nullopt, std::move(sentence), ""});
  }
};

TEST_F(Reading, EventsAreTheSameByBothNames) {
  record(1, "node2 is dead");
  serve();
  const Ran ran = hapx({"events"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("the lease of api is ours (all voters agreed)"));
  EXPECT_THAT(ran.out, HasSubstr("1.000s  member  -        node2 is dead\n"));
  EXPECT_EQ(hapx({"get", "events"}).out, ran.out);
  EXPECT_THAT(hapx({"events", "-o", "wide"}).out, HasSubstr("lease-won"));
  const Ran last = hapx({"get", "events", "-n", "1"});
  EXPECT_THAT(last.out, Not(HasSubstr("the lease of api")));
  EXPECT_THAT(last.out, HasSubstr("node2 is dead"));
  EXPECT_THAT(hapx({"events", "--since", "1500ms"}).out, Not(HasSubstr("the lease of api")));
}

TEST_F(Reading, EventsOfAServiceThatIsNotThereAreRefused) {
  serve();
  EXPECT_EQ(hapx({"events", "--service", "api"}).status, 0);
  const Ran ran = hapx({"events", "--service", "apo"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "hapx: there is no service \"apo\"; did you mean `api`? services: api\n");
  EXPECT_EQ(hapx({"events", "--service", "apo", "--follow"}).status, 1);
  EXPECT_EQ(hapx({"events", "--service", "../x"}).status, 1);
}

TEST_F(Reading, EventsAsDocumentsAreTheSameTree) {
  record(1, "node2 is dead");
  serve();
  const Ran json = hapx({"events", "-n", "1", "-o", "json"});
  EXPECT_EQ(json.status, 0);
  EXPECT_THAT(json.out, StartsWith("[{\"number\":2,\"ageMs\":1000,\"kind\":\"member\""));
  const Result<YamlNode> yaml = parse_yaml(hapx({"events", "-n", "1", "-o", "yaml"}).out, "-");
  ASSERT_TRUE(yaml.has_value());
  EXPECT_EQ(json_from_tree(*yaml) + "\n", json.out);
}

TEST_F(Reading, FollowShowsWhatComesAndOutlivesHapxd) {
  serve();
  auto running = start({"events", "--follow"});
  ASSERT_TRUE(running.says("the lease of api is ours"));
  meanwhile([&] { record(1, "node2 is dead"); });
  ASSERT_TRUE(running.says("node2 is dead"));
  stop();
  ASSERT_TRUE(running.says("no hapxd answers at"));
  journal_ = Journal();
  record(1, "hapxd began");
  serve();
  ASSERT_TRUE(running.says("hapxd began"));
  running.signal(SIGINT);
  const Ran ran = running.end();
  EXPECT_EQ(ran.status, 130);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3) << ran.out;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << "said once: " << ran.err;
}

TEST_F(Reading, FollowOfDocumentsHasOneEventALine) {
  serve();
  auto running = start({"get", "events", "-f", "-o", "json"});
  ASSERT_TRUE(running.says("the lease of api is ours"));
  meanwhile([&] { record(1, "node2 is dead"); });
  ASSERT_TRUE(running.says("node2 is dead"));
  running.signal(SIGTERM);
  const Ran ran = running.end();
  EXPECT_EQ(ran.status, 130);
  EXPECT_THAT(ran.out, StartsWith("{\"number\":1,"));
  EXPECT_THAT(ran.out, HasSubstr("}\n{\"number\":2,"));
}

TEST_F(Reading, TablesOfLinksAndOrders) {
  status_.members = {
      {NodeName("node1"), MemberState::online, Role::full, 1, "10.0.0.1", false, true},
      {NodeName("node2"), MemberState::online, Role::full, 1, "10.0.0.2", false, false}};
  status_.orders = {{"standby", "node2", "", "me@x", "2026-11-28T13:36:57Z", ""}};
  serve();
  EXPECT_THAT(hapx({"get", "links"}).out,
              HasSubstr("node2  10.0.0.2  one-way    -           no\n"));
  EXPECT_THAT(hapx({"get", "orders"}).out, HasSubstr("standby         -        node2  me@x"));
  EXPECT_THAT(hapx({"get", "orders", "-o", "json"}).out, StartsWith("[{\"kind\":\"standby\""));
  EXPECT_THAT(hapx({"get", "links", "-o", "yaml"}).out, HasSubstr("link: one-way"));
  EXPECT_THAT(hapx({"get", "services", "-o", "wide"}).out, HasSubstr("it was here first"));
}

TEST_F(Reading, DescribeIsOnePageAndGuessesNames) {
  status_.members = {
      {NodeName("node1"), MemberState::online, Role::full, 1, "10.0.0.1", false, true},
      {NodeName("node2"), MemberState::offline, Role::full, 1, "10.0.0.2", false, false}};
  record(1, "node2 is dead");
  serve();
  const Ran node = hapx({"describe", "node", "node2"});
  EXPECT_EQ(node.status, 0) << node.err;
  EXPECT_THAT(node.out, StartsWith("node node2: offline, as seen by node1\n"));
  EXPECT_THAT(node.out, HasSubstr("node2 is dead"));
  EXPECT_THAT(node.out, Not(HasSubstr("the lease of api"))) << "that is none of its events";
  const Ran service = hapx({"describe", "service", "api"});
  EXPECT_EQ(service.status, 0) << service.err;
  EXPECT_THAT(service.out, StartsWith("service api: served by node1, as seen by node1\n"));
  EXPECT_THAT(service.out, HasSubstr("the lease of api is ours"));
  EXPECT_EQ(hapx({"describe", "service", "api", "-o", "json"}).status, 0);
  const Ran wrong = hapx({"describe", "node", "nod2"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_EQ(wrong.err,
            "hapx: there is no node \"nod2\"; did you mean `node2`? nodes: node1, node2\n");
  EXPECT_EQ(hapx({"describe", "service", "apo"}).status, 1);
  EXPECT_EQ(hapx({"describe", "node", "a/b"}).status, 1);
}

TEST_F(Reading, FailCountsOfAllNodes) {
  ServiceOnNode place;
  place.node = NodeName("node1");
  place.haproxy_failures = 3;
  status_.services[0].nodes = {place};
  serve();
  EXPECT_THAT(hapx({"failcount"}).out, HasSubstr("api      node1  0    3        0s ago"));
  EXPECT_EQ(hapx({"failcount", "api"}).status, 0);
  EXPECT_THAT(hapx({"failcount", "-o", "json"}).out,
              StartsWith("[{\"service\":\"api\",\"node\":\"node1\",\"vip\":0,\"haproxy\":3,"));
  const Ran wrong = hapx({"failcount", "apo", "-o", "yaml"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean `api`?"));
}

TEST_F(Reading, WithoutHapxdExitsThree) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"events"}, {"get", "links"}, {"describe", "node", "node1"}, {"failcount"}}) {
    const Ran ran = hapx(words);
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, StartsWith("hapx: no hapxd answers at "));
  }
}

}  // namespace
}  // namespace hapx::appliance
