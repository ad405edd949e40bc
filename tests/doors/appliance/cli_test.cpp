// SPDX-License-Identifier: Apache-2.0
// The real `hapx` against a small hapxd: orders, questions, files.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "appliance/api.hpp"
#include "appliance/document.hpp"
#include "appliance/io/http_server.hpp"
#include "cli_rig.hpp"
#include "config/io/descriptor.hpp"
#include "vip/io/rtnetlink.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Cli, StatusOfAHealthyClusterExitsZero) {
  serve();
  const Ran ran = hapx({"status"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, StartsWith("kube-demo: healthy, as seen by node1"));
  EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
  EXPECT_EQ(ran.err, "");
}

TEST_F(Cli, StatusOfADegradedClusterExitsOne) {
  status_.degraded = {"node2 is offline"};
  serve();
  const Ran ran = hapx({"status"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr("! node2 is offline\n"));
}

TEST_F(Cli, StatusWithoutServiceExitsTwo) {
  status_.services[0].holder.reset();
  serve();
  EXPECT_EQ(hapx({"status"}).status, 2);
  EXPECT_EQ(hapx({"status", "-o", "json"}).status, 2);
}

TEST_F(Cli, StatusWithoutHapxdExitsThreeAndSaysWhere) {
  const Ran ran = hapx({"status"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, StartsWith("hapx: no hapxd answers at " + socket_ + ": "));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1);
  EXPECT_EQ(hapx({"get", "members"}).status, 3);
  EXPECT_EQ(hapx({"move", "api"}).status, 3);
}

/// hapxd is replaced when it takes a changed file; what changes nothing is asked again.
TEST_F(Cli, AQuestionThatHapxdTakesWithItIsAskedAgainAndAnOrderIsNot) {
  using boost::asio::local::stream_protocol;
  const auto ask_one_who_goes = [&](const std::vector<std::string>& words) {
    stop();
    boost::asio::io_context context;
    stream_protocol::acceptor earlier(context, stream_protocol::endpoint(socket_));
    Running running = start(words);
    stream_protocol::socket asked = earlier.accept();
    earlier.close();
    fs::remove(socket_);
    serve([](const MoveOrder& order) {
      return api_order_answer(order.id, OrderOutcome::accepted, "moved");
    });
    asked.close();
    return running.end();
  };
  EXPECT_EQ(ask_one_who_goes({"status"}).status, 0);
  const Ran move = ask_one_who_goes({"move", "api"});
  EXPECT_EQ(move.status, 3) << "it may have been carried out";
  EXPECT_THAT(move.err, StartsWith("hapx: no hapxd answers at "));
}

/// Two may ask at the same time: what the first one asked for ends the hapxd that the second asks.
TEST_F(Cli, AReloadThatHapxdTakesWithItIsAskedForAgain) {
  using boost::asio::local::stream_protocol;
  boost::asio::io_context context;
  stream_protocol::acceptor earlier(context, stream_protocol::endpoint(socket_));
  Running running = start({"reload"});
  stream_protocol::socket asked_how_it_is = earlier.accept();
  const std::string status = to_json(status_);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(status.size()) + "\r\n\r\n" + status;
  boost::asio::write(asked_how_it_is, boost::asio::buffer(answer));
  stream_protocol::socket asked_to_reload = earlier.accept();
  earlier.close();
  fs::remove(socket_);
  serve({}, {}, {}, [](const ReloadOrder& order) { return api_reload_answer(order.id, {}); });
  asked_to_reload.close();
  const Ran ran = running.end();
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("in force already"));
}

TEST_F(Cli, StatusOfSomebodyElseExitsThree) {
  boost::asio::io_context context;
  HttpServerOptions options;
  options.place = SocketPath{socket_};
  auto opened = HttpServer::open(context_, options, [this](const RequestArrived& request) {
    server_->respond({request.id, 200, "text/html", "<html>welcome</html>"});
  });
  ASSERT_TRUE(opened.has_value());
  server_ = std::move(*opened);
  thread_ = std::thread([this] { context_.run(); });
  const Ran ran = hapx({"status"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, HasSubstr("not JSON"));
}

TEST_F(Cli, GlobalOptionsStandBeforeOrAfterTheVerb) {
  serve();
  const std::string elsewhere = folder_ / "elsewhere.sock";
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"-o", "json", "status"},
                                             {"status", "-o", "json"},
                                             {"status", "-ojson"},
                                             {"--output=json", "status"},
                                             {"--socket", socket_, "status", "--output", "json"}}) {
    const Ran ran = hapx(words);
    EXPECT_EQ(ran.status, 0) << ran.err;
    const Result<Status> read = status_from_json(ran.out);
    ASSERT_TRUE(read.has_value()) << ran.out;
    EXPECT_EQ(read->services[0].holder, NodeName("node1"));
  }
  EXPECT_EQ(hapx({"status", "--socket", elsewhere}).status, 3);
  EXPECT_EQ(hapx({"--socket", elsewhere, "status"}).status, 3);
}

TEST_F(Cli, YamlIsTheSameTree) {
  serve();
  const Ran json = hapx({"get", "services", "-o", "json"});
  const Ran yaml = hapx({"get", "services", "-o", "yaml"});
  ASSERT_EQ(json.status, 0);
  ASSERT_EQ(yaml.status, 0);
  const Result<YamlNode> tree = parse_yaml(yaml.out, "-");
  ASSERT_TRUE(tree.has_value()) << yaml.out;
  EXPECT_EQ(json_from_tree(*tree) + "\n", json.out);
}

TEST_F(Cli, GetShowsTables) {
  serve();
  EXPECT_THAT(hapx({"get", "members"}).out, StartsWith("NODE"));
  EXPECT_THAT(hapx({"get", "services"}).out, HasSubstr("api      node1   started"));
  EXPECT_THAT(hapx({"get", "backends"}).out, StartsWith("BACKEND"));
  EXPECT_THAT(hapx({"get", "events"}).out,
              HasSubstr("the lease of api is ours (all voters agreed)"));
}

TEST_F(Cli, WhyTellsTheReasonAndWhatLedThere) {
  serve();
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"why"}, {"why", "api"}, {"why", "api", "-o", "yaml"}}) {
    const Ran ran = hapx(words);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("api is on node1: it was here first"));
    EXPECT_THAT(ran.out, HasSubstr("the lease of api is ours"));
  }
  const Ran unknown = hapx({"why", "nobody"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_EQ(unknown.err, "hapx: there is no service \"nobody\"; services: api\n");
  EXPECT_EQ(hapx({"why", "../status"}).status, 1);
}

TEST_F(Cli, MoveSaysWhatBecameOfIt) {
  serve([](const MoveOrder& order) {
    return order.to == NodeName("node2")
               ? api_order_answer(order.id, OrderOutcome::accepted, "api is on node2 now")
               : api_order_answer(order.id, OrderOutcome::refused, "nobody else may hold api");
  });
  const Ran done = hapx({"move", "api", "node2"});
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.out, "api is on node2 now\n");
  const Ran refused = hapx({"move", "api"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.err, "hapx: nobody else may hold api\n");
  EXPECT_EQ(hapx({"move", "api", "node9"}).status, 1);
}

TEST_F(Cli, StandingOrdersAreGivenAndLiftedAndSayWho) {
  std::vector<membership::RecordChange> changes;
  serve({}, [&](const RecordOrder& order) {
    changes.push_back(order.change);
    return order.change.subject.kind == membership::OrderKind::ban
               ? api_order_answer(order.id, OrderOutcome::unknown, "nobody answered")
               : api_order_answer(order.id, OrderOutcome::accepted, "node2 is in standby");
  });
  const Ran given = hapx({"standby", "node2", "--ttl", "30m"});
  EXPECT_EQ(given.status, 0) << given.err;
  EXPECT_EQ(given.out, "node2 is in standby\n");
  EXPECT_EQ(hapx({"-o", "json", "online", "node2"}).out, "{\"answer\":\"node2 is in standby\"}\n");
  const Ran unknown = hapx({"ban", "api", "node2"});
  EXPECT_EQ(unknown.status, 3) << "nobody can say whether it is kept";
  EXPECT_THAT(unknown.err, HasSubstr("nobody answered"));
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].time, std::chrono::minutes(30));
  EXPECT_THAT(changes[0].by, HasSubstr("@"));
  EXPECT_EQ(changes[1].verb, membership::RecordChange::Verb::lift);
  EXPECT_EQ(changes[2].subject.node, NodeName("node2"));
  EXPECT_EQ(hapx({"standby", "../x"}).status, 1);
  EXPECT_EQ(hapx({"standby", "nobody"}).status, 1);
  EXPECT_EQ(hapx({"standby", "node2", "--ttl", "1ms"}).status, 1);
}

TEST_F(Cli, MoveThatNobodyAnswersIsNotDone) {
  serve();
  const Ran ran = hapx({"move", "api", "node2"});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, HasSubstr("no answer came in time"));
}

TEST_F(Cli, EveryVerbHasHelp) {
  for (const auto& verb : std::vector<std::vector<std::string>>{{},
                                                                {"status"},
                                                                {"get"},
                                                                {"get", "events"},
                                                                {"events"},
                                                                {"describe"},
                                                                {"describe", "node"},
                                                                {"describe", "service"},
                                                                {"failcount"},
                                                                {"cleanup"},
                                                                {"why"},
                                                                {"standby"},
                                                                {"online"},
                                                                {"maintenance"},
                                                                {"maintenance", "on"},
                                                                {"ban"},
                                                                {"clear"},
                                                                {"config"},
                                                                {"config", "check"},
                                                                {"config", "show"},
                                                                {"config", "diff"},
                                                                {"config", "schema"},
                                                                {"config", "haproxy"},
                                                                {"keygen"},
                                                                {"simulate"},
                                                                {"move"},
                                                                {"release-all"},
                                                                {"doctor"},
                                                                {"init"},
                                                                {"join"},
                                                                {"report"},
                                                                {"lab"},
                                                                {"lab", "up"},
                                                                {"lab", "status"},
                                                                {"lab", "exec"},
                                                                {"lab", "down"},
                                                                {"drill"},
                                                                {"drill", "run"},
                                                                {"drill", "list"},
                                                                {"drill", "history"},
                                                                {"version"}}) {
    std::vector<std::string> words = verb;
    words.push_back("--help");
    const Ran ran = hapx(words);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("Usage: hapx"));
    EXPECT_EQ(ran.err, "");
  }
}

TEST_F(Cli, WrongWordsAreOneSentence) {
  const auto wrong = [&](const std::vector<std::string>& words) {
    const Ran ran = hapx(words);
    EXPECT_EQ(ran.status, 64);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, StartsWith("hapx: "));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    return ran.err;
  };
  EXPECT_THAT(wrong({"statsu"}), HasSubstr("did you mean `status`?"));
  EXPECT_THAT(wrong({"get", "member"}), HasSubstr("did you mean `members`?"));
  EXPECT_THAT(wrong({"status", "-o", "xml"}), HasSubstr("none of text, wide, json and yaml"));
  EXPECT_THAT(wrong({}), HasSubstr("status"));
  wrong({"move"});
  wrong({"status", "--nonsense"});
  wrong({"status", "nonsense"});
}

TEST_F(Cli, VersionIsTold) {
  EXPECT_THAT(hapx({"version"}).out, testing::MatchesRegex("hapx [0-9.]+\n"));
}

TEST_F(Cli, KeygenWritesAKeyOnceAndNeverShowsIt) {
  const std::string file = folder_ / "cluster.key";
  const Ran ran = hapx({"keygen", file});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read);
  const std::string key = content(file);
  const std::string secret = key.substr(key.find(':') + 1, 16);
  ASSERT_EQ(secret.size(), 16U);
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(secret)));
  EXPECT_EQ(hapx({"keygen", file}).status, 1);
  EXPECT_EQ(content(file), key);
}

TEST_F(Cli, ReleaseAllDropsOurAddressesAndNobodyElses) {
  const OwnNamespace own;
  if (!own.entered()) GTEST_SKIP() << "no right to make a network namespace";
  ASSERT_EQ(std::system("ip link add v0 type veth peer name v1 && ip link set v0 up && "
                        "ip link set v1 up && ip addr add 10.9.9.1/24 dev v0"),
            0);
  EXPECT_EQ(hapx({"release-all"}).out, "nothing of hapx is here\n");
  boost::asio::io_context context;
  auto kernel = vip::Rtnetlink::open(
      context, {[](const auto&) {}, [](const auto&) {}, [](std::uint32_t) {}, [] {}});
  ASSERT_TRUE(kernel.has_value());
  const vip::LinkSeen* link = (*kernel)->find(InterfaceName("v0"));
  ASSERT_NE(link, nullptr);
  ASSERT_TRUE((*kernel)->add(link->index, {ipv4(10, 9, 9, 9), 24}, 60).has_value());
  const Ran ran = hapx({"release-all"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "10.9.9.9/24 removed from v0\n");
  auto left = (*kernel)->addresses();
  ASSERT_TRUE(left.has_value());
  // Each link has an IPv6 address of its own.
  std::erase_if(*left, [](const auto& one) { return one.address.address.family == Family::ipv6; });
  ASSERT_EQ(left->size(), 1U);
  EXPECT_EQ(left->front().address.address, ipv4(10, 9, 9, 1));
}

TEST_F(Cli, ReleaseAllBesideARunningHapxdSaysThatItIsInVain) {
  const OwnNamespace own;
  if (!own.entered()) GTEST_SKIP() << "no right to make a network namespace";
  serve();
  const Ran ran = hapx({"release-all"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("stop it first"));
}

TEST_F(Cli, SimulateAnswersAScenario) {
  const std::string file =
      std::string(HAPX_SOURCE_DIR) + "/tests/transcripts/scheduler/offline-node-fails-over.yaml";
  const Ran text = hapx({"simulate", file});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(hapx({"simulate", file, "-o", "json"}).out, StartsWith("{\"placement\":"));
  const Ran bad = hapx({"simulate", write("bad.yaml", "nodes: 7\n")});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.err, HasSubstr("bad.yaml:1:"));
}

}  // namespace
}  // namespace hapx::appliance
