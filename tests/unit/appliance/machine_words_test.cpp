// SPDX-License-Identifier: Apache-2.0
// What the verbs about a machine make of words, without touching one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "appliance/cli/completion.hpp"
#include "appliance/cli/first_file.hpp"
#include "appliance/cli/man_page.hpp"
#include "appliance/cli/roff.hpp"
#include "appliance/cli/secrets.hpp"

namespace hapx::appliance::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

FileWishes wishes() {
  FileWishes out;
  out.cluster = "kube-demo";
  out.nodes = {"node1=10.0.0.1", "node2=10.0.0.2"};
  out.witnesses = {"node3=10.0.0.3"};
  out.vip = "10.0.0.9/24";
  out.interface = "eth0";
  out.api_servers = {"master1", "master2:7443"};
  return out;
}

TEST(FirstFile, IsGoodAndHasWhatWasWished) {
  const auto file = first_file(wishes());
  ASSERT_TRUE(file.checked.config) << file.checked.refusals.front().sentence;
  const auto& config = *file.checked.config;
  ASSERT_EQ(config.nodes.size(), 3U);
  EXPECT_EQ(config.nodes[2].role, Role::witness);
  EXPECT_EQ(config.services[0].api_servers[1], (ApiServer{"master2", 7443}));
  EXPECT_EQ(config.services[0].name, ServiceName("kube-apiserver"));
  EXPECT_THAT(file.text, Not(HasSubstr("timing"))) << "what has a default is left out";
  auto cloud = wishes();
  cloud.profile = "cloud";
  cloud.key_file = "/run/key";
  const auto other = first_file(cloud);
  ASSERT_TRUE(other.checked.config);
  EXPECT_EQ(other.checked.config->timing.lease, std::chrono::seconds(2));
  EXPECT_EQ(other.checked.config->key_file, "/run/key");
}

TEST(FirstFile, RefusalsNameNoLine) {
  auto bad = wishes();
  bad.vip = "10.0.0.1/24";
  const auto refused = first_file(bad);
  ASSERT_FALSE(refused.checked.config);
  EXPECT_THAT(refused.checked.refusals[0].sentence,
              testing::StartsWith("the VIP 10.0.0.1 is the address of node `node1`"));
  bad = wishes();
  bad.nodes = {"node1"};
  EXPECT_THAT(first_file(bad).checked.refusals[0].sentence, HasSubstr("names no address"));
}

TEST(Secrets, KeysAreTakenOutWhereverTheyStand) {
  const std::string key(64, 'a');
  EXPECT_EQ(without_secrets("keyFile: hapx-key-v1:" + key + "\nport: 1\n"),
            "keyFile: hapx-key-v1:(removed)\nport: 1\n");
  EXPECT_EQ(without_secrets(key), "(removed)");
  EXPECT_EQ(without_secrets("x" + key + "x"), "x(removed)x");
  EXPECT_EQ(without_secrets(std::string(32, 'F')), "(removed)");
  EXPECT_EQ(without_secrets(std::string(31, 'f')), std::string(31, 'f'));
  EXPECT_EQ(without_secrets("deadbeef 192.168.4.11 cafe"), "deadbeef 192.168.4.11 cafe");
  EXPECT_EQ(without_secrets(""), "");
  EXPECT_EQ(without_secrets("  user ops insecure-password \"a \\\" b\"\n  mode http\n"),
            "  user ops insecure-password (removed)\"\n  mode http\n");
  EXPECT_EQ(without_secrets("  user ops password $6$abc$def\nnext"),
            "  user ops password (removed)\nnext");
  EXPECT_EQ(without_secrets("{\"line\":\"stats auth ops:hunter2\",\"next\":1}"),
            "{\"line\":\"stats auth (removed)\",\"next\":1}");
}

TEST(Secrets, PrivateKeysAreTakenOut) {
  const std::string pem =
      "a\n-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\nb\n";
  EXPECT_EQ(without_secrets(pem), "a\n(removed)\nb\n");
  EXPECT_EQ(without_secrets("-----BEGIN PRIVATE KEY-----\nMHc"), "(removed)");
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nMHc=\n-----END CERTIFICATE-----\n";
  EXPECT_EQ(without_secrets(certificate), certificate);
}

TEST(WordTree, HasEveryVerbWithWhatItTakes) {
  const auto tree = describe_hapx();
  const auto verb = [](const VerbHelp& in, const std::string& name) -> const VerbHelp& {
    static const VerbHelp nothing;
    for (const auto& one : in.verbs) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << "no verb " << name;
    return nothing;
  };
  const auto& diff = verb(verb(tree, "config"), "diff");
  ASSERT_EQ(diff.words.size(), 1U);
  EXPECT_EQ(diff.words[0].name, "FILE");
  EXPECT_EQ(diff.words[0].standard, "/etc/hapx/hapx.yaml");
  EXPECT_THAT(diff.footer, Not(HasSubstr("Global options")));
  const auto& move = verb(tree, "move");
  ASSERT_EQ(move.words.size(), 2U);
  EXPECT_TRUE(move.words[0].required);
  EXPECT_FALSE(move.words[1].required);
  EXPECT_GT(describe_hapxd("1").options.size(), 6U);
}

TEST(ManPage, RoffIsShownAsItIs) {
  EXPECT_EQ(roff("a-b\\c"), "a\\-b\\ec");
  EXPECT_EQ(roff_lines(".x\n'y\nz"), "\\&.x\n\\&'y\nz\n");
}

TEST(ManPage, TellsOptionsVerbsAndKeys) {
  const auto page = hapx_page(describe_hapx(), "1.2.3");
  EXPECT_THAT(page, HasSubstr(".SS \"hapx config diff [FILE]\""));
  EXPECT_THAT(page, HasSubstr(".SS \"hapx move SERVICE [NODE]\""));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-ttl DURATION\\fR"));
  EXPECT_THAT(config_page("1"), HasSubstr("\\fBspec.services[].healthCheck.caFile\\fR"));
  EXPECT_THAT(config_page("1"), HasSubstr("(default: 300ms)"));
  EXPECT_THAT(hapxd_page(describe_hapxd("1"), "1"), HasSubstr("SIGUSR2"));
}

TEST(Completion, KnowsVerbsAndOptions) {
  const auto bash = bash_completion(describe_hapx());
  EXPECT_THAT(bash, HasSubstr("\" config:0\") words=\"check show diff schema haproxy\""));
  EXPECT_THAT(bash, HasSubstr("--profile) words=\"fast lan cloud\""));
  EXPECT_THAT(zsh_completion(describe_hapx()), testing::StartsWith("#compdef hapx\n"));
}

}  // namespace
}  // namespace hapx::appliance::cli
