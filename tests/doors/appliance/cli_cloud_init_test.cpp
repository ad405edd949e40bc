// SPDX-License-Identifier: Apache-2.0
// The verbs for machines that don't exist yet, with the programs that make volumes.
#include <cstdlib>

#include "appliance/document.hpp"
#include "cli_rig.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* cluster = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  nodes:
    - {name: node1, address: 192.168.4.11}
    - {name: node2, address: 192.168.4.12}
    - {name: node3, address: 192.168.4.13, role: witness}
  keyFile: /nonexistent/cluster.key
  services:
    - name: kube-apiserver
      vips: [{address: 192.168.4.20/27, interface: eth0}]
      apiServers: ['192.168.4.15:6443']
)";

class CliCloudInit : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    seeds_ = folder_ / "seeds";
  }
  std::vector<std::string> render(std::vector<std::string> more = {}) {
    write("hapx.yaml", cluster);
    std::vector<std::string> words{"cloud-init",          "render", "--config",
                                   folder_ / "hapx.yaml", "--out",  seeds_};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  [[nodiscard]] bool is_there(const std::string& name) const { return fs::exists(seeds_ / name); }
  [[nodiscard]] static fs::perms mode_of(const fs::path& file) {
    return fs::status(file).permissions();
  }

  fs::path seeds_;
};

TEST_F(CliCloudInit, RenderWritesSeedsVolumesAndAKey) {
  const Ran ran = hapx(render());
  ASSERT_EQ(ran.status, 0) << ran.err;
  const std::string key = content(seeds_ / "cluster.key");
  EXPECT_THAT(key, HasSubstr("hapx-key-v1:"));
  EXPECT_THAT(ran.out, HasSubstr("node3.iso: for node3 (192.168.4.13, a witness)"));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(key.substr(12, 16))));
  for (const char* node : {"node1", "node2", "node3"}) {
    const fs::path place = seeds_ / node;
    EXPECT_THAT(content(place / "user-data"), HasSubstr(key.substr(0, key.size() - 1)));
    EXPECT_EQ(mode_of(place / "user-data"), fs::perms::owner_read);
    EXPECT_THAT(content(place / "meta-data"), HasSubstr(std::string("local-hostname: ") + node));
    EXPECT_THAT(content(place / "network-config"), HasSubstr("version: 2"));
    EXPECT_THAT(content(place / "network-config.v1"), HasSubstr("version: 1"));
    const fs::path volume = place.string() + ".iso";
    EXPECT_EQ(mode_of(volume), fs::perms::owner_read);
    // At 32 KiB begins the volume descriptor, whose label is at its byte 40 (ECMA-119, 8.4).
    EXPECT_EQ(content(volume).substr(std::size_t{32} * 1024 + 40, 7), "cidata ");
    EXPECT_THAT(content(volume), HasSubstr(content(place / "user-data")));
    EXPECT_THAT(content(volume), Not(HasSubstr("version: 1"))) << "cloud-init reads one of them";
  }
}

TEST_F(CliCloudInit, RenderedAgainTheKeyStaysAndTheFilesAreNew) {
  ASSERT_EQ(hapx(render()).status, 0);
  const std::string key = content(seeds_ / "cluster.key");
  const std::string before = content(seeds_ / "node1" / "meta-data");
  const Ran ran =
      hapx(render({"--network-version", "1", "--gateway", "192.168.4.1", "-o", "json"}));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(content(seeds_ / "cluster.key"), key);
  EXPECT_THAT(content(seeds_ / "node1" / "network-config"), HasSubstr("version: 1"));
  EXPECT_THAT(content(seeds_ / "node1" / "network-config.v2"), HasSubstr("192.168.4.1\""));
  EXPECT_NE(content(seeds_ / "node1" / "meta-data"), before) << "another instance";
  const auto tree = tree_from_json(ran.out);
  ASSERT_TRUE(tree.has_value()) << ran.out;
  EXPECT_EQ(tree->find("madeKey")->scalar, "false");
  EXPECT_EQ(tree->find("nodes")->items.size(), 3U);
}

TEST_F(CliCloudInit, WhatIsRefusedLeavesNothing) {
  const Ran wrong = hapx(render({"--gateway", "router"}));
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("--gateway"));
  EXPECT_FALSE(fs::exists(seeds_));
  EXPECT_EQ(hapx(render({"--with", folder_ / "none"})).status, 1);
  EXPECT_EQ(hapx(render({"--key", folder_ / "none"})).status, 1);
  EXPECT_FALSE(is_there("node1"));
  auto words = render();
  write("hapx.yaml", "kind: Cluster\n");
  EXPECT_THAT(hapx(words).err, HasSubstr("hapx.yaml:1:1: "));
}

TEST_F(CliCloudInit, WithoutAProgramForVolumesTheFoldersMustDo) {
  if (::geteuid() != 0) GTEST_SKIP() << "programs are hidden by mounts, which are for root";
  std::string command = HAPX_PROGRAM;
  for (const std::string& word : render()) command += ' ' + word;
  const std::string hidden =
      "for name in xorriso genisoimage mkisofs; do"
      "  file=$(command -v $name) && mount --bind /dev/null $file; "
      "done; exec ";
  const int status = std::system(
      ("unshare --mount sh -c '" + hidden + command + "' 2>" + (folder_ / "said").string())
          .c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  const std::string said = content(folder_ / "said");
  EXPECT_THAT(said, HasSubstr("one of xorriso, genisoimage and mkisofs"));
  EXPECT_THAT(said, HasSubstr("--no-iso"));
  EXPECT_TRUE(is_there("node1/user-data"));
  EXPECT_FALSE(is_there("node1.iso"));
  EXPECT_EQ(hapx(render({"--no-iso"})).status, 0);
}

TEST_F(CliCloudInit, AVolumeIsMadeAgainOfAnEditedSeed) {
  ASSERT_EQ(hapx(render({"--no-iso"})).status, 0);
  write("seeds/node1/meta-data", "instance-id: edited\nlocal-hostname: node1\n");
  const Ran ran = hapx({"cloud-init", "iso", seeds_ / "node1", seeds_.string() + "/node2/"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(content(seeds_ / "node1.iso"), HasSubstr("instance-id: edited"));
  EXPECT_TRUE(is_there("node2.iso"));
  const Ran none = hapx({"cloud-init", "iso", folder_});
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.err, HasSubstr("is no seed: there is no user-data in it"));
}

}  // namespace
}  // namespace hapx::appliance
