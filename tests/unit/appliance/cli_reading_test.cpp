// SPDX-License-Identifier: Apache-2.0
// What the verbs that look make of words, and of what hapxd tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/cli/describe_text.hpp"
#include "appliance/cli/event_stream.hpp"
#include "appliance/cli/hapx_words.hpp"
#include "appliance/cli/watch_text.hpp"

namespace hapx::appliance::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

template <class Wanted>
Wanted read(const std::vector<std::string>& words) {
  const auto outcome = read_hapx_words(words, std::nullopt);
  if (const auto* usage = std::get_if<Usage>(&outcome)) ADD_FAILURE() << usage->text;
  const auto* command = std::get_if<Command>(&outcome);
  const auto* verb = command ? std::get_if<Wanted>(&command->verb) : nullptr;
  EXPECT_NE(verb, nullptr);
  return verb ? *verb : Wanted{};
}

int refused(const std::vector<std::string>& words) {
  const auto outcome = read_hapx_words(words, std::nullopt);
  const auto* usage = std::get_if<Usage>(&outcome);
  return usage ? usage->status : -1;
}

TEST(ReadingWords, EventsAreTheSameByBothNames) {
  for (const auto& name : std::vector<std::vector<std::string>>{{"events"}, {"get", "events"}}) {
    auto words = name;
    const auto plain = read<ShowEvents>(words);
    EXPECT_FALSE(plain.since || plain.count || plain.follow);
    words.insert(words.end(), {"--since", "10m", "--service", "api", "-n", "7", "--follow"});
    const auto events = read<ShowEvents>(words);
    EXPECT_EQ(events.since, minutes(10));
    EXPECT_EQ(events.service, "api");
    EXPECT_EQ(events.count, 7U);
    EXPECT_TRUE(events.follow);
  }
  for (const char* wrong : {"10", "-1s", "yesterday", ""}) {
    EXPECT_EQ(refused({"events", "--since", wrong}), exit_wrong_words) << wrong;
  }
  EXPECT_EQ(refused({"events", "-n", "0"}), exit_wrong_words);
  EXPECT_EQ(refused({"events", "api"}), exit_wrong_words);
}

TEST(ReadingWords, TablesPagesAndCounts) {
  EXPECT_EQ(read<Get>({"get", "links"}).thing, Thing::links);
  EXPECT_EQ(read<Get>({"get", "orders"}).thing, Thing::orders);
  EXPECT_EQ(read<Describe>({"describe", "node", "a"}).what, Describe::What::node);
  EXPECT_EQ(read<Describe>({"describe", "service", "b"}).name, "b");
  EXPECT_EQ(read<ShowFailCounts>({"failcount"}).service, "");
  EXPECT_EQ(read<ShowFailCounts>({"failcount", "api"}).service, "api");
  EXPECT_EQ(refused({"describe", "node"}), exit_wrong_words);
  EXPECT_EQ(refused({"describe"}), exit_wrong_words);
}

TEST(ReadingWords, ACleanupIsOnAllNodesOrOnOne) {
  EXPECT_EQ(read<CleanUp>({"cleanup", "api"}).node, "");
  const auto one = read<CleanUp>({"cleanup", "api", "--node", "node2"});
  EXPECT_EQ(one.service, "api");
  EXPECT_EQ(one.node, "node2");
  EXPECT_EQ(refused({"cleanup"}), exit_wrong_words);
  EXPECT_EQ(refused({"cleanup", "api", "node2"}), exit_wrong_words);
}

TEST(ReadingWords, WhyMayBeAskedOfAMoment) {
  EXPECT_FALSE(read<Why>({"why"}).at);
  const Why why = read<Why>({"why", "kube", "--at", "2026-11-28T13:36:57.5Z"});
  EXPECT_EQ(why.service, "kube");
  EXPECT_EQ(why.at, Utc(std::chrono::milliseconds(1'795'873'017'500)));
  EXPECT_EQ(read<Why>({"why", "--at", "2026-11-28T13:36:57Z", "--recording", "x"}).recording, "x");
  EXPECT_EQ(refused({"why", "--recording", "x"}), exit_wrong_words) << "of which moment?";
}

TEST(ReadingWords, ARecordingIsKeptListedAndReplayed) {
  static_cast<void>(read<KeepRecording>({"recording", "keep"}));
  EXPECT_EQ(read<ListRecordings>({"recording", "list"}).state_dir, "/var/lib/hapx");
  EXPECT_EQ(read<ReplayRecording>({"replay"}).file, "");
  const auto replay = read<ReplayRecording>({"replay", "x", "--steps", "--state-dir", "/tmp"});
  EXPECT_EQ(replay.file, "x");
  EXPECT_TRUE(replay.every_step);
  EXPECT_EQ(replay.state_dir, "/tmp");
}

TEST(ReadingWords, AReloadTakesNoFile) {
  static_cast<void>(read<Reload>({"reload"}));
  EXPECT_EQ(refused({"reload", "/etc/hapx/other.yaml"}), exit_wrong_words);
}

TEST(ReadingWords, WideIsATextWithMoreInIt) {
  const auto outcome = read_hapx_words({"get", "members", "-o", "wide"}, std::nullopt);
  const auto& command = std::get<Command>(outcome);
  EXPECT_EQ(command.global.output, Output::text);
  EXPECT_EQ(command.global.detail, Detail::wide);
}

EventLine event(std::uint64_t number, Duration age, std::string sentence, std::uint64_t times = 1) {
  return {number, age, "member", "", "", std::move(sentence), "", times};
}

std::vector<std::string> sentences(const std::vector<EventLine>& lines) {
  std::vector<std::string> out;
  for (const EventLine& line : lines) out.push_back(line.sentence);
  return out;
}

TEST(EventStream, LimitsTakeTheYoungest) {
  const std::vector<EventLine> lines{event(1, minutes(3), "a"), event(2, seconds(60), "b"),
                                     event(3, seconds(2), "c")};
  EXPECT_THAT(sentences(chosen(lines, {}, {})), ElementsAre("a", "b", "c"));
  EXPECT_THAT(sentences(chosen(lines, seconds(60), {})), ElementsAre("b", "c"));
  EXPECT_THAT(sentences(chosen(lines, seconds(60), 1)), ElementsAre("c"));
  EXPECT_THAT(sentences(chosen(lines, {}, 9)), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(chosen({}, seconds(1), 3).empty());
}

TEST(EventStream, ShowsEachEventOnceAndRepeatsAgain) {
  EventStream stream;
  EXPECT_THAT(sentences(stream.fresh({event(1, seconds(1), "a")})), ElementsAre("a"));
  EXPECT_TRUE(stream.fresh({event(1, seconds(2), "a")}).empty());
  EXPECT_THAT(sentences(stream.fresh({event(1, seconds(3), "a"), event(2, seconds(0), "b")})),
              ElementsAre("b"));
  const auto repeated =
      stream.fresh({event(1, seconds(4), "a"), event(2, milliseconds(5), "b", 3)});
  ASSERT_EQ(repeated.size(), 1U);
  EXPECT_EQ(repeated[0].times, 3U);
  EXPECT_TRUE(stream.fresh({event(2, seconds(1), "b", 3)}).empty()) << "the oldest went out";
  EXPECT_THAT(sentences(stream.fresh({event(700, seconds(0), "z")})), ElementsAre("z"))
      << "more came than hapxd keeps";
}

TEST(EventStream, ARestartedHapxdBeginsAnew) {
  EventStream stream;
  static_cast<void>(stream.fresh({event(1, seconds(9), "began"), event(2, seconds(8), "quorum")}));
  EXPECT_THAT(sentences(stream.fresh({event(1, seconds(1), "began")})), ElementsAre("began"));
  EXPECT_THAT(sentences(stream.fresh({event(1, milliseconds(2), "began")})), ElementsAre("began"))
      << "the same words, and younger";
  EXPECT_THAT(
      sentences(stream.fresh({event(1, seconds(3), "other"), event(2, seconds(2), "words")})),
      ElementsAre("other", "words"));
  EXPECT_TRUE(stream.fresh({}).empty());
}

TEST(EventStream, ALineHasTheTimeOfDay) {
  EventLine line = event(1, seconds(1), "node2 is dead", 2);
  line.reason = "silent\x1b";
  line.at = "2026-11-28T13:36:57.042Z";
  EXPECT_EQ(event_to_line(line, {}),
            "13:36:57.042  member        -               node2 is dead (silent?), 2 times\n");
  line.phase = "peer-dead";
  line.service = "a-service-with-a-name";
  EXPECT_EQ(event_to_line(line, {Colour::never, Detail::wide}),
            "2026-11-28T13:36:57.042Z  member        peer-dead          a-service-with-a-name  "
            "node2 is dead (silent?), 2 times\n");
  line.at = "";
  EXPECT_THAT(event_to_line(line, {}), StartsWith("-             member"));
}

/// As node1, which holds the service, sees itself.
Status holder() {
  Status status;
  status.node = NodeName("node1");
  status.version = "0.1.0";
  status.uptime = seconds(75);
  status.coordinator = NodeName("node2");
  status.failure_timeout = minutes(10);
  status.haproxy = {ResourceStatus::started, 4711, true, "", 3};
  status.members = {
      {NodeName("node1"), MemberState::online, Role::full, 1, "192.168.4.11", false, true}};
  ServiceStatus service;
  service.name = ServiceName("kube");
  service.holder = NodeName("node1");
  service.vip = ResourceStatus::started;
  service.haproxy = ResourceStatus::started;
  service.lease_remaining = milliseconds(271);
  service.fence = FenceStatus::bpf;
  service.addresses = {"192.168.4.20/27"};
  service.backends = {{"kube-mast01:6443", true, "L7OK"}};
  service.reason = "kube is on node1: runs there already";
  service.nodes = {{NodeName("node1"), ResourceStatus::started, ResourceStatus::started, 0, 1, true,
                    true, 1, 1, ""}};
  service.vips = {{"192.168.4.20", true, milliseconds(271), 2, 14, 0}};
  service.takeovers = {{TakeoverReason::node_lost, 2}};
  status.services = {service};
  return status;
}

TEST(WatchText, HasEverythingInItsOrder) {
  Status status = holder();
  status.members.push_back(
      {NodeName("node2"), MemberState::offline, Role::full, 1, "192.168.4.12", false, false});
  status.degraded = {"node2 is offline"};
  status.orders = {{"ban", "node1", "kube", "me@x", "2026-11-28T13:36:57Z", ""}};
  const std::string page = watch_to_text(status, {event(1, seconds(1), "node2 is dead")}, {});
  std::size_t at = 0;
  for (const char* part : {"! node2 is offline\n", "NODE", "SERVICE", "STANDING ORDER", "FORGOTTEN",
                           "BACKEND", "node2 is dead\n"}) {
    const std::size_t found = page.find(part, at);
    ASSERT_NE(found, std::string::npos) << part << " after the others in\n" << page;
    at = found;
  }
  EXPECT_THAT(page, Not(HasSubstr("INACTIVE")));
}

TEST(WatchText, NamesWhatIsInactiveAndWhy) {
  Status status = holder();
  status.services[0].holder.reset();
  status.services[0].vip = ResourceStatus::stopped;
  status.services[0].haproxy = ResourceStatus::warm;
  status.services[0].nodes[0].haproxy_failures = 0;
  status.services[0].nodes[0].excluded = "node1: excluded, it is in standby";
  EXPECT_THAT(watch_to_text(status, {}, {}),
              HasSubstr("INACTIVE  SERVICE  STATE    NO NODE, BECAUSE\n"
                        "VIP       kube     stopped  node1 it is in standby\n"
                        "HAProxy   kube     warm     node1 it is in standby\n"));
  status.services[0].nodes[0].excluded.clear();
  EXPECT_THAT(watch_to_text(status, {}, {}), HasSubstr("no failures that count\n"));
  EXPECT_THAT(watch_to_text(Status{}, {}, {}), HasSubstr("NODE"));
}

TEST(WatchText, AScreenIsDrawnOverTheLastOne) {
  EXPECT_EQ(redrawn("a\nb\n", 5), "\x1b[Ha\x1b[K\nb\x1b[K\x1b[J");
  EXPECT_EQ(redrawn("a\nb\n", 2), "\x1b[Ha\x1b[K\nb\x1b[K\x1b[J") << "nothing scrolls";
  EXPECT_EQ(redrawn("a\nb\nc\nd\n", 3), "\x1b[Ha\x1b[K\nb\x1b[K\n... and 2 more lines\x1b[K\x1b[J");
  EXPECT_EQ(redrawn("", 3), "\x1b[H\x1b[J");
}

TEST(DescribeText, ANodeIsOnePage) {
  Status status = holder();
  status.orders = {{"ban", "node1", "kube", "me@x", "2026-11-28T13:36:57Z", ""}};
  status.degraded = {"kube is banned from node1"};
  std::vector<EventLine> events;
  for (int i = 1; i <= 12; ++i) {
    events.push_back(event(static_cast<std::uint64_t>(i), seconds(1), "event" + std::to_string(i)));
  }
  const std::string page = node_to_text(status, events, {});
  EXPECT_THAT(page, StartsWith("node node1: online, as seen by node1\n"
                               "! kube is banned from node1\n"
                               "  role          full\n"
                               "  votes         1\n"
                               "  coordinates   no\n"
                               "  address       192.168.4.11\n"
                               "  link          this node\n"
                               "  holds         kube\n"
                               "  fence         bpf\n"
                               "  HAProxy       started, pid 4711, 3 restarts\n"
                               "  hapxd         0.1.0, up 1m15s\n"));
  EXPECT_THAT(page, HasSubstr("192.168.4.20  kube     yes               271 ms      14"));
  EXPECT_THAT(page, HasSubstr("kube     node1  0    1        0s ago        in 10m0s"));
  EXPECT_THAT(page, HasSubstr("ban             kube     node1  me@x"));
  EXPECT_THAT(page, HasSubstr("event12\n"));
  EXPECT_THAT(page, Not(HasSubstr("event2\n"))) << "the last ten";
  EXPECT_THAT(node_to_text(status, events, {Colour::never, Detail::wide}), HasSubstr("event2\n"));
}

TEST(DescribeText, OfAnotherNodeOnlyWhatItToldIsThere) {
  Status status = holder();
  status.node = NodeName("node2");
  status.members[0].last_heard = milliseconds(42);
  status.members[0].hears_us = false;
  const std::string page = node_to_text(status, {}, {});
  EXPECT_THAT(page, HasSubstr("link          one-way: it does not hear node2, heard 0.042s ago\n"));
  EXPECT_THAT(page, Not(HasSubstr("pid")));
  EXPECT_THAT(page, Not(HasSubstr("last events")));
  EXPECT_EQ(node_to_text(Status{}, {}, {}), "");
}

TEST(DescribeText, AServiceIsOnePage) {
  Status status = holder();
  status.orders_state = OrdersState::stale;
  const std::string page = service_to_text(status, {event(1, seconds(1), "won")}, {});
  EXPECT_THAT(page, StartsWith("service kube: served by node1, as seen by node1\n"
                               "  why           kube is on node1: runs there already\n"
                               "  moved         no\n"
                               "  VIP           started\n"
                               "  HAProxy       started\n"
                               "  addresses     192.168.4.20/27\n"
                               "  port          6443\n"
                               "  lease         node1 has it for 271 ms more\n"
                               "  fence         bpf (on node1)\n"
                               "  certificates  verified\n"
                               "  came here     2 node-lost\n"));
  EXPECT_THAT(page, HasSubstr("kube-mast01:6443  up     -      L7OK\n"));
  EXPECT_THAT(page, HasSubstr("standing orders may be stale\n"));
  EXPECT_THAT(page, HasSubstr("last events, oldest first:\n"));
  EXPECT_EQ(service_to_text(Status{}, {}, {}), "");
}

TEST(DescribeText, AServiceThatIsNowhereSaysSo) {
  Status status = holder();
  status.services[0].holder.reset();
  status.services[0].lease_remaining.reset();
  status.services[0].reason.clear();
  const std::string page = service_to_text(status, {}, {});
  EXPECT_THAT(page, StartsWith("service kube: NOT SERVED, as seen by node1\n"
                               "  why           no plan has reached this node yet\n"));
  EXPECT_THAT(page, HasSubstr("nobody is known to have it"));
}

}  // namespace
}  // namespace hapx::appliance::cli
