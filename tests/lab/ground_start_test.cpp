// SPDX-License-Identifier: Apache-2.0
// Starts that are refused, and starts that must not be: the key, the name, and a file that becomes
// wrong while hapxd runs.
#include <sys/stat.h>

#include "config/time.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

using GroundStart = Ground;

constexpr int exit_refused = 1;
constexpr int exit_could_not_start = 3;
const std::string refusal_words = "the reload is refused, the accepted file stays in force (";
constexpr const char* broken_file = "spec: {nodes: [\n";

TEST_F(GroundStart, WithoutAKeyHapxdRefusesAndTheOthersServe) {
  ASSERT_NO_FATAL_FAILURE(build());
  const std::string absent = file("no-such.key");
  const Start how{.config_file = config_with("no-key.yaml", plan().key_file, absent)};
  start(2);
  start(3);
  const Outcome outcome = refusal(1, how);
  EXPECT_EQ(outcome.code, exit_refused);
  expect_one_sentence(outcome, absent);
  EXPECT_NE(outcome.errors.find("hapx keygen"), std::string::npos) << outcome.errors;
  EXPECT_TRUE(comes("nothing runs on node1", [&] { return processes_in(node(1).netns).empty(); }));
  EXPECT_NE(who_comes_to_serve({2, 3}), 0U);
}

TEST_F(GroundStart, AKeyThatOthersMayReadIsRefusedAndTheOthersServe) {
  ASSERT_NO_FATAL_FAILURE(build());
  const std::string open_key = file("open.key");
  ASSERT_TRUE(write_file(open_key, read_file(plan().key_file).value(), 0644));
  ASSERT_EQ(::chmod(open_key.c_str(), 0644), 0);  // whatever the umask is
  const Start how{.config_file = config_with("open-key.yaml", plan().key_file, open_key)};
  start(2);
  start(3);
  const Outcome outcome = refusal(1, how);
  EXPECT_EQ(outcome.code, exit_refused);
  expect_one_sentence(outcome, "chmod 0400 " + open_key);
  EXPECT_EQ(outcome.errors.find("hapx-key-v1:"), std::string::npos) << "it shows the key";
  EXPECT_TRUE(comes("nothing runs on node1", [&] { return processes_in(node(1).netns).empty(); }));
  EXPECT_NE(who_comes_to_serve({2, 3}), 0U);
}

/// A first start: nothing has made the run folder yet.
TEST_F(GroundStart, ARefusalIsOneSentenceAlsoWhereThereIsNoRunFolder) {
  ASSERT_NO_FATAL_FAILURE(build());
  ASSERT_TRUE(remove_folder(node(1).run_folder));
  const std::string absent = file("no-such.key");
  const Start how{.config_file = config_with("no-key.yaml", plan().key_file, absent)};
  expect_one_sentence(refusal(1, how), absent);
}

TEST_F(GroundStart, WithoutARunFolderItMakesOneAndSaysNothingOfIt) {
  ASSERT_NO_FATAL_FAILURE(build());
  for (const NodePlan& each : plan().nodes) {
    ASSERT_TRUE(remove_folder(each.run_folder));
    ASSERT_TRUE(remove_folder(each.state_folder));
  }
  start_all();
  EXPECT_NE(who_comes_to_serve({1, 2, 3}), 0U);
  EXPECT_FALSE(log_has(1, "No such file")) << "its own folders are no news to an operator";
}

TEST_F(GroundStart, ASecondHapxdOfOneNameIsRefusedAndHarmsNothing) {
  ASSERT_NO_FATAL_FAILURE(build());
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  const Onlooker onlooker = look_on();

  const Outcome same_folders = refusal(server, {});
  EXPECT_EQ(same_folders.code, exit_could_not_start);
  expect_one_sentence(same_folders, "another hapxd runs here as " + node(server).name.text());
  NodePlan elsewhere = node(server);
  elsewhere.run_folder = file("other-run");
  elsewhere.state_folder = file("other-state");
  const auto other_folders =
      run(command(elsewhere, {}), {.netns = elsewhere.netns, .patience = patience});
  ASSERT_TRUE(other_folders) << other_folders.error().sentence;
  EXPECT_EQ(other_folders->code, exit_could_not_start);
  expect_one_sentence(*other_folders, "another hapxd runs here as " + elsewhere.name.text());

  // What the first one needs for its next life is still there: the door to its HAProxy above all.
  const Duration age = status(server).uptime;
  signal_all(server, {daemon_name}, SIGKILL);
  comes("the next hapxd", [&] {
    const Status now = status(server);
    return serves(now) && now.uptime < age && now.haproxy.fit;
  });
  expect_undisturbed(onlooker, server);
}

class BrokenFile : public Ground {
 protected:
  /// All serve, and then the file on the disk changes.
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build());
    text_ = read_file(plan().config_file).value();
    start_all();
    server_ = settled();
    ASSERT_NE(server_, 0U);
  }

  /// Waits until another process than the one that ran before serves.
  void kill_hapxd() {
    const std::uint64_t before = lives();
    signal_all(server_, {daemon_name}, SIGKILL);
    comes("the next hapxd serves", [&] { return lives() > before && serves(status(server_)); });
  }

  /// The lab's file with one thing replaced.
  void change(const std::string& before, const std::string& after) const {
    std::string text = text_;
    const std::size_t at = text.find(before);
    ASSERT_NE(at, std::string::npos) << before << " is not in\n" << text;
    ASSERT_TRUE(write_file(plan().config_file, text.replace(at, before.size(), after)));
  }

  void comes_to_log(const std::string& words) const {
    comes("the log says \"" + words + "\"", [&] { return log_has(server_, words); });
  }

  void reload() const { reload(server_); }
  void reload(unsigned number) const { signal_all(number, {keeper_name}, SIGHUP); }

  [[nodiscard]] std::uint64_t lives() const { return lives(server_); }
  [[nodiscard]] std::uint64_t lives(unsigned number) const {
    const std::string log = read_file(node(number).log_file).value();
    std::uint64_t lives = 0;
    for (std::size_t at = 0; (at = log.find(" began as ", at)) != std::string::npos; ++at) ++lives;
    return lives;
  }

  std::string text_;
  unsigned server_ = 0;
};

TEST_F(BrokenFile, TheNextHapxdGoesOnWithTheFileAsItWasAccepted) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  ASSERT_TRUE(write_file(plan().config_file, broken_file));
  kill_hapxd();
  ASSERT_TRUE(run_well({"rm", plan().config_file}, {}));
  kill_hapxd();
  expect_undisturbed(onlooker, server_);
}

TEST_F(BrokenFile, AReloadIsRefusedWithItsPlaceAndTheOldOneGoesOn) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  ASSERT_TRUE(write_file(plan().config_file, broken_file));
  reload();
  comes_to_log(refusal_words + plan().config_file + ":2:1: ");
  ASSERT_TRUE(run_well({"rm", plan().config_file}, {}));
  reload();
  comes_to_log(refusal_words + "cannot open the configuration");
  change("name: node3", "name: node4");
  reload();
  comes_to_log(refusal_words + "spec.nodes changes by 2 votes, and while hapxd runs");
  comes("three refusals are counted",
        [&] { return count(status(server_), "reloads_refused") == 3; });
  EXPECT_EQ(lives(), 1U) << "the process that was there goes on";
  expect_undisturbed(onlooker, server_);
}

TEST_F(BrokenFile, AReloadTakesAChangedFileWithoutAnOutage) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  change("profile: lan", "heartbeat: 40ms, lease: 250ms");
  reload();
  comes_to_log("taking the changed file (spec.timing)");
  comes("the next hapxd serves", [&] { return lives() == 2 && serves(status(server_)); });
  reload();
  comes_to_log("the file says what is in force already");
  EXPECT_EQ(lives(), 2U);
  expect_undisturbed(onlooker, server_);
}

TEST_F(BrokenFile, HapxReloadSaysWhatBecameOfTheFile) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const auto expect = [&](int exit_code, const std::string& words) {
    const auto said = lab_->ask(node(server_), {"reload"});
    ASSERT_TRUE(said) << said.error().sentence;
    EXPECT_EQ(said->code, exit_code) << said->output << said->errors;
    EXPECT_NE((said->output + said->errors).find(words), std::string::npos)
        << said->output << said->errors;
  };
  expect(0, "the file says what is in force already");
  ASSERT_TRUE(write_file(plan().config_file, broken_file));
  expect(1, plan().config_file + ":2:1: ");
  change("profile: lan", "heartbeat: 40ms, lease: 250ms");
  expect(0, "the changed file is taken: spec.timing");
  EXPECT_EQ(lives(), 2U) << "it returns when the next hapxd is there";
  comes_to_say(server_ == 1 ? 2 : 1,
               node(server_).name.text() + " runs another configuration: spec.timing");
  expect_undisturbed(onlooker, server_);
}

/// LEASE.md, rule 23: the next key to all nodes, then in front, then alone.
TEST_F(BrokenFile, TheClustersKeyIsReplacedStepByStepWithoutAnOutage) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const std::string before = read_file(plan().key_file).value();
  const std::string file_of_next = file("next.key");
  ASSERT_TRUE(run_well({std::string(HAPX_PROGRAMS) + "/hapx", "keygen", file_of_next}, {}));
  const std::string next = read_file(file_of_next).value();

  ASSERT_TRUE(write_file(plan().key_file, next, 0400));
  reload();
  comes_to_log(refusal_words + "the cluster's key would be another at once");
  for (const std::string& keys : {before + next, next + before, next}) {
    ASSERT_TRUE(write_file(plan().key_file, keys, 0400));
    for (const unsigned number : {1U, 2U, 3U}) {
      const std::uint64_t earlier = lives(number);
      reload(number);
      comes("the next hapxd of " + node(number).name.text(), [&] {
        const Status now = status(number);
        return lives(number) == earlier + 1 && now.quorate && now.degraded.empty();
      });
    }
  }
  for (const unsigned number : {1U, 2U, 3U}) {
    EXPECT_EQ(read_file(node(number).log_file).value().find("hapx-key-v1:"), std::string::npos);
  }
  expect_undisturbed(onlooker, server_);
}

TEST_F(BrokenFile, AReloadBringsAnotherApiserver) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  auto prober = drill::Prober::start(plan());
  ASSERT_TRUE(prober) << prober.error().sentence;
  const Instant since = boot_now();
  const std::string servers = "apiServers:\n";
  change(servers, servers + "        - 192.168.4.99:6443\n");
  reload();
  comes("four apiservers are checked", [&] {
    const Status now = status(server_);
    return serves(now) && now.haproxy.fit && now.services[0].backends.size() == 4;
  });
  const drill::Service service = drill::judge(prober->requests(since), since, boot_now());
  std::cout << "outage " << hapx::to_string(service.outage) << ", " << service.failed << " of "
            << service.requests << " requests failed\n";
  expect_undisturbed(onlooker, server_);
}

TEST_F(BrokenFile, HaproxysKeeperIsReplacedAllTheSame) {
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_TRUE(write_file(plan().config_file, broken_file));
  signal_all(server_, {haproxy_keeper_name}, SIGKILL);
  comes("HAProxy is fit again where its keeper was killed", [&] {
    const Status now = status(server_);
    return now.haproxy.fit && now.haproxy.restarts > 0;
  });
  EXPECT_NE(who_comes_to_serve({1, 2, 3}), 0U);
}

/// Nothing was accepted before, so there is nothing to go on with.
TEST_F(BrokenFile, AtAFirstStartItIsRefusedWithItsPlace) {
  ASSERT_NO_FATAL_FAILURE(build());
  ASSERT_TRUE(write_file(plan().config_file, broken_file));
  const Outcome outcome = refusal(1, {});
  EXPECT_EQ(outcome.code, exit_refused);
  expect_one_sentence(outcome, plan().config_file + ":2:1: ");
}

}  // namespace
}  // namespace hapx::appliance::lab
