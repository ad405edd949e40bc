// SPDX-License-Identifier: Apache-2.0
// The verbs that make a node of a machine, and the one that collects what is known of it.
#include <map>

#include "appliance/document.hpp"
#include "cli_rig.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::Not;

fs::perms mode_of(const fs::path& file) {
  return fs::status(file).permissions();
}

constexpr auto only_owner_reads = fs::perms::owner_read;
constexpr auto everybody_reads =
    fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;

/// The part of a key's line that is secret.
std::string secret_of(const fs::path& key) {
  const std::string line = content(key);
  return line.substr(line.find(':') + 1, 64);
}

class CliMachine : public Cli {
 protected:
  void serve_metrics(const std::string& text) {
    HttpServerOptions options;
    options.place = Endpoint{ipv4(127, 0, 0, 1), 9405};
    auto opened = HttpServer::open(context_, options, [this, text](const RequestArrived& request) {
      metrics_->respond({request.id, 200, "text/plain", text});
    });
    ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
    metrics_ = std::move(*opened);
  }

  std::optional<HttpServer> metrics_;

  /// With this machine as the first node: it has the address.
  std::vector<std::string> init_words(const std::string& folder) {
    return {"init",     "--cluster",   "kube-demo",   "--node", "first=127.0.0.1",
            "--vip",    "10.9.9.9/24", "--interface", "v0",     "--apiserver",
            "10.9.9.1", "--dir",       folder};
  }
};

TEST_F(CliMachine, InitWritesAFileThatIsGoodAndAKeyThatIsSecret) {
  const std::string place = folder_ / "etc" / "hapx";
  const Ran ran = hapx(init_words(place));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(mode_of(place + "/cluster.key"), only_owner_reads);
  EXPECT_EQ(mode_of(place + "/hapx.yaml"), everybody_reads);
  EXPECT_THAT(ran.out, HasSubstr("this machine is first (127.0.0.1)"));
  EXPECT_THAT(ran.out, HasSubstr("hapx doctor"));
  EXPECT_THAT(ran.out + ran.err + content(place + "/hapx.yaml"),
              Not(HasSubstr(secret_of(place + "/cluster.key").substr(0, 16))));
  const Ran checked = hapx({"config", "check", place + "/hapx.yaml"});
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_THAT(hapx({"config", "show", place + "/hapx.yaml"}).out,
              HasSubstr("keyFile: " + place + "/cluster.key"));
}

TEST_F(CliMachine, InitTellsWhatTheOtherNodesNeed) {
  auto words = init_words(folder_ / "new");
  words.insert(words.end(), {"--node", "second=10.9.9.2", "--witness", "third=10.9.9.3"});
  // Beside others no node may have a loopback address.
  words[4] = "first=10.9.9.1";
  const Ran ran = hapx(words);
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("root@10.9.9.2:"));
  EXPECT_THAT(ran.out, HasSubstr("root@10.9.9.3:"));
  EXPECT_THAT(ran.out, HasSubstr("hapx join /root"));
  EXPECT_THAT(content(folder_ / "new" / "hapx.yaml"), HasSubstr("role: witness"));
}

TEST_F(CliMachine, InitOverwritesNothingAndLeavesNothingHalf) {
  const fs::path place = folder_ / "etc";
  fs::create_directories(place);
  write("etc/hapx.yaml", "mine\n");
  const Ran ran = hapx(init_words(place));
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("hapx.yaml exists already and is never overwritten"));
  EXPECT_EQ(content(place / "hapx.yaml"), "mine\n");
  EXPECT_FALSE(fs::exists(place / "cluster.key"));

  fs::rename(place / "hapx.yaml", place / "cluster.key");
  EXPECT_EQ(hapx(init_words(place)).status, 1);
  EXPECT_EQ(content(place / "cluster.key"), "mine\n");
  EXPECT_FALSE(fs::exists(place / "hapx.yaml"));

  // A folder that can't be made: the name is a file's.
  EXPECT_EQ(hapx(init_words(place / "cluster.key")).status, 1);
}

TEST_F(CliMachine, InitRefusesWhatTheFileWouldBeRefusedFor) {
  const fs::path place = folder_ / "etc";
  auto words = init_words(place);
  words[6] = "10.9.9.9";
  const Ran ran = hapx(words);
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("hapx: the VIP `10.9.9.9` has no prefix"));
  words = init_words(place);
  words[4] = "first";
  EXPECT_THAT(hapx(words).err, HasSubstr("`first` names no address"));
  EXPECT_FALSE(fs::exists(place));
}

TEST_F(CliMachine, JoinPutsInPlaceWhatWasCopied) {
  const fs::path place = folder_ / "etc";
  ASSERT_EQ(hapx(init_words(place)).status, 0);
  const fs::path copies = folder_ / "copies";
  fs::create_directories(copies);
  fs::rename(place / "hapx.yaml", copies / "hapx.yaml");
  fs::rename(place / "cluster.key", copies / "cluster.key");

  const Ran ran = hapx({"join", copies, "--dir", place});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("this machine is first (127.0.0.1)"));
  EXPECT_EQ(content(place / "cluster.key"), content(copies / "cluster.key"));
  EXPECT_EQ(content(place / "hapx.yaml"), content(copies / "hapx.yaml"));
  EXPECT_EQ(mode_of(place / "cluster.key"), only_owner_reads);
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(secret_of(place / "cluster.key").substr(0, 16))));

  EXPECT_EQ(hapx({"join", copies, "--dir", place}).status, 1) << "they are there already";
  const Ran checked = hapx({"join", "--dir", place, "-o", "json"});
  EXPECT_EQ(checked.status, 0) << checked.err;
  const Result<YamlNode> tree = tree_from_json(checked.out);
  ASSERT_TRUE(tree.has_value()) << checked.out;
  EXPECT_EQ(tree->find("node")->scalar, "first");
  EXPECT_EQ(tree->find("wrote")->scalar, "false");
}

TEST_F(CliMachine, JoinReplacesWhatIsThereWhenItIsToldTo) {
  const fs::path place = folder_ / "etc";
  const fs::path copies = folder_ / "copies";
  ASSERT_EQ(hapx(init_words(place)).status, 0);
  const std::string key_before = content(place / "cluster.key");
  fs::create_directories(copies);
  ASSERT_EQ(hapx({"keygen", copies / "cluster.key"}).status, 0);
  write("copies/hapx.yaml", content(place / "hapx.yaml") + "# another one\n");

  const Ran ran = hapx({"join", copies, "--replace", "--dir", place, "-o", "json"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\"wrote\":true"));
  EXPECT_EQ(content(place / "hapx.yaml"), content(copies / "hapx.yaml"));
  EXPECT_NE(content(place / "cluster.key"), key_before);
  EXPECT_EQ(content(place / "cluster.key"), content(copies / "cluster.key"));
  EXPECT_EQ(mode_of(place / "cluster.key"), only_owner_reads);

  const auto written = fs::last_write_time(place / "hapx.yaml");
  const Ran again = hapx({"join", copies, "--replace", "--dir", place, "-o", "json"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("\"wrote\":false"));
  EXPECT_EQ(fs::last_write_time(place / "hapx.yaml"), written) << "nobody need read it again";
  EXPECT_EQ(std::distance(fs::directory_iterator(place), {}), 2) << "no draft is left";

  write("copies/hapx.yaml", "kind: Cluster\n");
  EXPECT_EQ(hapx({"join", copies, "--replace", "--dir", place}).status, 1);
  EXPECT_THAT(content(place / "hapx.yaml"), HasSubstr("# another one"));
}

TEST_F(CliMachine, JoinTakesAKeyThatIsInPlace) {
  const fs::path place = folder_ / "etc";
  const fs::path copies = folder_ / "copies";
  ASSERT_EQ(hapx(init_words(place)).status, 0);
  fs::create_directories(copies);
  fs::rename(place / "hapx.yaml", copies / "hapx.yaml");

  const Ran ran = hapx({"join", copies, "--dir", place});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(fs::exists(place / "cluster.key"));
  EXPECT_THAT(ran.out, Not(HasSubstr("rm "))) << "it is needed here";

  fs::remove(place / "cluster.key");
  fs::remove(place / "hapx.yaml");
  const Ran keyless = hapx({"join", copies, "--dir", place});
  EXPECT_EQ(keyless.status, 1);
  EXPECT_THAT(keyless.err, HasSubstr("cluster.key"));
  EXPECT_FALSE(fs::exists(place / "hapx.yaml"));
}

TEST_F(CliMachine, JoinRefusesWhatIsNotGood) {
  const fs::path place = folder_ / "etc";
  EXPECT_THAT(hapx({"join", "--dir", place}).err, HasSubstr("copy it here from a node"));
  ASSERT_EQ(hapx(init_words(place)).status, 0);
  const Ran stranger = hapx({"join", "--dir", place, "--node", "nobody"});
  EXPECT_EQ(stranger.status, 1);
  EXPECT_THAT(stranger.err, HasSubstr("there is no node `nobody`"));
  fs::permissions(place / "cluster.key", everybody_reads);
  const Ran open = hapx({"join", "--dir", place});
  EXPECT_EQ(open.status, 1);
  EXPECT_THAT(open.err, HasSubstr("open to group or others"));
  fs::remove(place / "cluster.key");
  EXPECT_EQ(hapx({"join", "--dir", place}).status, 1);
  write("etc/hapx.yaml", "kind: Cluster\n");
  EXPECT_THAT(hapx({"join", "--dir", place}).err, HasSubstr("hapx.yaml:1:1: "));
}

/// Unpacks an archive and returns its files by name.
std::map<std::string, std::string> unpacked(const fs::path& archive) {
  const fs::path place = archive.string() + ".unpacked";
  fs::create_directories(place);
  EXPECT_EQ(std::system(("tar -xzf " + archive.string() + " -C " + place.string()).c_str()), 0);
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(place)) {
    if (entry.is_regular_file()) out[entry.path().filename()] = content(entry.path());
  }
  return out;
}

/// The key has got everywhere it could: into a comment of the file, and into what hapxd tells.
TEST_F(CliMachine, ReportHasEverythingButTheKey) {
  const OwnNamespace own;
  if (!own.entered()) GTEST_SKIP() << "no right to make a network namespace";
  ASSERT_EQ(std::system("ip link set lo up"), 0);
  const fs::path place = folder_ / "etc";
  ASSERT_EQ(hapx(init_words(place)).status, 0);
  const std::string secret = secret_of(place / "cluster.key");
  ASSERT_EQ(secret.size(), 64U);
  std::ofstream(place / "hapx.yaml", std::ios::app) << "# key: hapx-key-v1:" << secret << '\n';
  status_.degraded = {"somebody logged " + secret};
  journal_.record({Instant{}, EventKind::lease, ServiceName("api"), FailoverPhase::lease_won,
                   "got " + secret, ""});
  haproxy_config_ = "# " + secret + "\nglobal\n";
  serve_metrics("# " + secret + "\nhapx_up 1\n");
  serve();
  const fs::path archive = folder_ / "report.tar.gz";
  const Ran ran = hapx({"report", archive, "--config", place / "hapx.yaml", "--since", "1m"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("report.tar.gz: "));
  EXPECT_EQ(mode_of(archive), fs::perms::owner_read | fs::perms::owner_write);
  const auto files = unpacked(archive);
  for (const auto* name :
       {"hapx.yaml", "haproxy-rendered.cfg", "haproxy-running.cfg", "status.json", "why.json",
        "events.json", "running-config.json", "doctor.txt", "doctor.json", "contents.txt",
        "uname.txt", "haproxy-version.txt", "addresses.txt", "routes.txt"}) {
    EXPECT_TRUE(files.contains(name)) << name;
  }
  for (const auto& [name, text] : files) {
    EXPECT_THAT(text, Not(HasSubstr(secret.substr(0, 32)))) << name;
    EXPECT_THAT(text, Not(HasSubstr(secret.substr(32)))) << name;
  }
  EXPECT_THAT(files.at("hapx.yaml"), HasSubstr("# key: hapx-key-v1:(removed)"));
  EXPECT_THAT(files.at("status.json"), HasSubstr("somebody logged (removed)"));
  EXPECT_THAT(files.at("haproxy-running.cfg"), HasSubstr("# (removed)\nglobal"));
  EXPECT_EQ(files.at("metrics.txt"), "# (removed)\nhapx_up 1\n");
}

TEST_F(CliMachine, ReportWithoutHapxdAndFileSaysWhatIsLeftOut) {
  const fs::path archive = folder_ / "report.tar.gz";
  const Ran ran = hapx({"report", archive, "--config", folder_ / "none.yaml"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("left out status.json: no hapxd answers"));
  EXPECT_THAT(ran.err, HasSubstr("left out hapx.yaml: "));
  EXPECT_TRUE(unpacked(archive).contains("doctor.txt"));
  const Ran json = hapx({"report", folder_ / "other.tar.gz", "-o", "json"});
  const Result<YamlNode> tree = tree_from_json(json.out);
  ASSERT_TRUE(tree.has_value()) << json.out;
  EXPECT_NE(tree->find("leftOut")->find("status.json"), nullptr);
}

TEST_F(CliMachine, ReportOverwritesNothingAndLeavesNothingHalf) {
  const std::string archive = write("report.tar.gz", "mine");
  const Ran ran = hapx({"report", archive});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("File exists"));
  EXPECT_EQ(content(archive), "mine");
  EXPECT_EQ(hapx({"report", folder_ / "none" / "report.tar.gz"}).status, 1);
}

}  // namespace
}  // namespace hapx::appliance
