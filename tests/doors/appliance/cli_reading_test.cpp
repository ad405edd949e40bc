// SPDX-License-Identifier: Apache-2.0
// The verbs of `hapx` that look: once, and again and again while hapxd comes and goes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "appliance/document.hpp"
#include "cli_rig.hpp"
#include "config/io/descriptor.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Reading : public Cli {
 protected:
  void record(std::int64_t second, std::string sentence) {
    journal_.record({Instant(std::chrono::seconds(second)), EventKind::member, std::nullopt,
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
  meanwhile([&] { status_.orders_state = OrdersState::stale; });
  EXPECT_THAT(hapx({"get", "orders"}).out, HasSubstr("\n(there may be newer ones)\n"));
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

TEST_F(Reading, CleanupSaysWhatBecameOfIt) {
  std::vector<CleanupOrder> orders;
  serve({}, {}, [&](const CleanupOrder& order) {
    orders.push_back(order);
    return order.node ? api_order_answer(order.id, OrderOutcome::unknown, "node2 did not answer")
                      : api_order_answer(order.id, OrderOutcome::accepted, "forgotten on node1");
  });
  const Ran done = hapx({"cleanup", "api"});
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.out, "forgotten on node1\n");
  const Ran unknown = hapx({"cleanup", "api", "--node", "node2"});
  EXPECT_EQ(unknown.status, 3);
  EXPECT_EQ(unknown.err, "hapx: node2 did not answer\n");
  ASSERT_EQ(orders.size(), 2U);
  EXPECT_EQ(orders[1].node, NodeName("node2"));
  const Ran wrong = hapx({"cleanup", "apo"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean `api`?"));
  EXPECT_EQ(hapx({"cleanup", "api", "--node", "node9"}).status, 1);
}

TEST_F(Reading, WatchRepeatsBlocksWhereThereIsNoTerminal) {
  serve();
  auto running = start({"status", "--watch"});
  ASSERT_TRUE(running.says("kube-demo: healthy", 2));
  stop();
  ASSERT_TRUE(running.says("no hapxd answers at"));
  status_.degraded = {"node2 is offline"};
  serve();
  ASSERT_TRUE(running.says("! node2 is offline"));
  running.signal(SIGINT);
  const Ran ran = running.end();
  EXPECT_EQ(ran.status, 130);
  EXPECT_THAT(ran.out, StartsWith("== 2"));
  EXPECT_THAT(ran.out, HasSubstr("the lease of api is ours"));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << "said once: " << ran.err;
}

TEST_F(Reading, WatchOfDocumentsRepeatsThem) {
  serve();
  auto running = start({"status", "--watch", "-o", "json"});
  ASSERT_TRUE(running.says("{\"cluster\":\"kube-demo\"", 2));
  running.signal(SIGINT);
  EXPECT_EQ(running.end().status, 130);
}

/// What hapx draws on a terminal of our own.
class Terminal {
 public:
  Terminal() : ours_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
    if (!ours_.is_open() || ::grantpt(ours_.number()) != 0 || ::unlockpt(ours_.number()) != 0)
      return;
    theirs_ = Descriptor(::open(::ptsname(ours_.number()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    const winsize size{12, 80, 0, 0};
    ::ioctl(theirs_.number(), TIOCSWINSZ, &size);
  }
  [[nodiscard]] bool is_open() const { return theirs_.is_open(); }
  [[nodiscard]] int screen() const { return theirs_.number(); }

  /// Reads until it has shown this since `from`, for at most 20 s.
  bool shows(const std::string& text, std::size_t from = 0) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (shown_.find(text, from) == std::string::npos) {
      if (std::chrono::steady_clock::now() > end) return false;
      pollfd ready{ours_.number(), POLLIN, 0};
      ::poll(&ready, 1, 100);
      char block[4096];
      const ssize_t got = ::read(ours_.number(), block, sizeof(block));
      if (got > 0) shown_.append(block, static_cast<std::size_t>(got));
    }
    return true;
  }
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  Descriptor ours_;
  Descriptor theirs_;
  std::string shown_;
};

TEST_F(Reading, WatchDrawsOverItselfOnATerminalAndPutsItRight) {
  Terminal terminal;
  if (!terminal.is_open()) GTEST_SKIP() << "no pseudo terminal here";
  serve();
  auto running = start({"status", "--watch"}, terminal.screen());
  ASSERT_TRUE(terminal.shows("healthy"));
  EXPECT_THAT(terminal.shown(), StartsWith("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H"));
  ASSERT_TRUE(terminal.shows(" more lines")) << "twelve rows are too few";
  stop();
  ASSERT_TRUE(terminal.shows("no hapxd answers at"));
  ASSERT_TRUE(terminal.shows(" old"));
  const std::size_t before = terminal.shown().size();
  serve();
  ASSERT_TRUE(terminal.shows("\x1b[H", before));
  ASSERT_TRUE(terminal.shows("healthy", before));
  running.signal(SIGINT);
  ASSERT_TRUE(terminal.shows("\x1b[?7h\x1b[?25h\x1b[?1049l"));
  EXPECT_EQ(running.end().status, 130);
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
