// SPDX-License-Identifier: Apache-2.0
// The verbs of `hapx config`.
#include "appliance/document.hpp"
#include "cli_rig.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Cli, ConfigCheckTellsEveryRefusalWithItsPlace) {
  const std::string good = write("good.yaml", good_file);
  EXPECT_EQ(hapx({"config", "check", good}).status, 0);
  const std::string bad =
      write("bad.yaml", std::string(good_file) + "  timming: {}\n  sheduling: {}\n");
  const Ran ran = hapx({"config", "check", bad});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr(bad + ":11:3: "));
  EXPECT_THAT(ran.err, HasSubstr(bad + ":12:3: "));
  EXPECT_THAT(ran.err, HasSubstr("did you mean `timing`?"));
  EXPECT_THAT(hapx({"config", "check", bad, "-o", "json"}).out, StartsWith("{\"good\":false,"));
  const Ran none = hapx({"config", "check", folder_ / "none.yaml"});
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.err, StartsWith("hapx: "));
}

TEST_F(Cli, ConfigShowIsCanonicalAndHaproxyRendered) {
  const std::string good = write("good.yaml", good_file);
  const Ran shown = hapx({"config", "show", good});
  EXPECT_EQ(shown.status, 0);
  const std::string full = write("full.yaml", shown.out);
  EXPECT_EQ(hapx({"config", "show", full}).out, shown.out);
  EXPECT_EQ(hapx({"config", "show", full, "-o", "json"}).status, 0);
  const Ran rendered = hapx({"config", "haproxy", good, "--run-dir", "/run/elsewhere"});
  EXPECT_EQ(rendered.status, 0);
  EXPECT_THAT(rendered.out, HasSubstr("/run/elsewhere/"));
  EXPECT_THAT(rendered.out, HasSubstr("backend api"));
}

constexpr const char* running_file = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  nodes:
    - {name: node1, address: 10.0.0.1}
    - {name: node2, address: 10.0.0.2}
  services:
    - name: api
      vips: [{address: 10.0.0.9/24, interface: eth0}]
      apiServers: [master:6443]
)";

TEST_F(Cli, ConfigDiffOfWhatRunsIsNothing) {
  serve();
  const Ran ran = hapx({"config", "diff", write("same.yaml", running_file)});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("nothing differs"));
}

TEST_F(Cli, ConfigDiffTellsWhatAReloadWouldChange) {
  serve();
  const std::string file = write(
      "other.yaml", std::string(running_file) + "  timing: {profile: cloud}\n  keyFile: /k\n");
  const Ran text = hapx({"config", "diff", file});
  EXPECT_EQ(text.status, 2);
  EXPECT_THAT(text.out, HasSubstr("  spec.timing.lease      300ms -> 2s\n"));
  EXPECT_THAT(text.out, HasSubstr("* spec.keyFile           /etc/hapx/cluster.key -> /k\n"));
  const Ran json = hapx({"config", "diff", file, "-o", "json"});
  EXPECT_EQ(json.status, 2);
  const Result<YamlNode> tree = tree_from_json(json.out);
  ASSERT_TRUE(tree.has_value()) << json.out;
  EXPECT_EQ(tree->find("same")->scalar, "false");
  EXPECT_EQ(tree->find("reload")->scalar, "false");
  EXPECT_EQ(tree->find("differences")->items.size(), 3U);
}

TEST_F(Cli, ConfigDiffTellsThatWhoVotesChangesOnAllNodesAtOnce) {
  serve();
  std::string other = running_file;
  EXPECT_THAT(
      hapx({"config", "diff", write("other.yaml", other + "  timing: {profile: cloud}\n")}).out,
      HasSubstr("node by node"));
  const std::string last = "    - {name: node2, address: 10.0.0.2}\n";
  other.insert(other.find(last), "    - {name: node3, address: 10.0.0.3}\n");
  const std::string file = write("other.yaml", other);
  EXPECT_THAT(hapx({"config", "diff", file}).out, HasSubstr("taken by all at once"));
  const Ran json = hapx({"config", "diff", file, "-o", "json"});
  EXPECT_THAT(json.out, HasSubstr(R"("changesWhoVotes":true)"));
}

TEST_F(Cli, ConfigDiffNeedsAGoodFileAndAHapxd) {
  EXPECT_EQ(hapx({"config", "diff", write("same.yaml", running_file)}).status, 3);
  serve();
  const Ran refused = hapx({"config", "diff", write("bad.yaml", "kind: Cluster\n")});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("bad.yaml:1:1: "));
}

TEST_F(Cli, ConfigDiffOfAConfigurationFromTheFutureIsNoAnswer) {
  HttpServerOptions options;
  options.place = SocketPath{socket_};
  auto opened = HttpServer::open(context_, options, [this](const RequestArrived& request) {
    server_->respond({request.id, 200, "application/json", R"({"kind":"Galaxy"})"});
  });
  ASSERT_TRUE(opened.has_value());
  server_ = std::move(*opened);
  thread_ = std::thread([this] { context_.run(); });
  const Ran ran = hapx({"config", "diff", write("same.yaml", running_file)});
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.err, HasSubstr("another version"));
}

TEST_F(Cli, ConfigSchemaIsJsonInBothNotations) {
  const Ran json = hapx({"config", "schema"});
  ASSERT_EQ(json.status, 0);
  const Result<YamlNode> tree = tree_from_json(json.out);
  ASSERT_TRUE(tree.has_value()) << json.out;
  EXPECT_EQ(tree->find("additionalProperties")->scalar, "false");
  const Ran yaml = hapx({"config", "schema", "-o", "yaml"});
  EXPECT_THAT(yaml.out, testing::ContainsRegex("^.?\\$schema.?: "));
}

}  // namespace
}  // namespace hapx::appliance
