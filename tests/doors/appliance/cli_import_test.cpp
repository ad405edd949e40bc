// SPDX-License-Identifier: Apache-2.0
// The verb that makes a hapx.yaml of what another system was told.
#include "appliance/document.hpp"
#include "cli_rig.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string examples = HAPX_SOURCE_DIR "/tests/unit/appliance/imports/";

std::vector<std::string> tutorial_words() {
  return {"import",
          examples + "tutorial/corosync.conf",
          examples + "tutorial/cib.crm",
          examples + "tutorial/haproxy.cfg",
          "--node",
          "hapx-node01=192.168.4.131",
          "--node",
          "hapx-node02=192.168.4.132",
          "--tie-breaker",
          "192.168.4.1"};
}

TEST_F(Cli, ImportWritesAFileThatConfigCheckTakes) {
  const std::string file = folder_ / "hapx.yaml";
  auto words = tutorial_words();
  words.insert(words.end(), {"--out", file});
  const Ran ran = hapx(words);
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, StartsWith(file + ": written (debian, 2 nodes, 1 service); "));
  EXPECT_THAT(ran.out, HasSubstr("Stop the old cluster"));
  EXPECT_THAT(ran.err, HasSubstr("cib.crm: read as a CIB, as crm's text\n"));
  EXPECT_THAT(ran.err, HasSubstr("corosync.conf:5: `cluster_name debian` became metadata.name\n"));
  EXPECT_THAT(ran.err, HasSubstr("`stonith-enabled=no` is left out: not needed: the kernel"));
  EXPECT_EQ(hapx({"config", "check", file}).status, 0);
  const std::string before = content(file);
  const Ran again = hapx(words);
  EXPECT_EQ(again.status, 1) << "it is never overwritten";
  EXPECT_THAT(again.err, StartsWith("hapx: "));
  EXPECT_EQ(content(file), before);
}

TEST_F(Cli, ImportSpeaksToStandardOutput) {
  const Ran ran = hapx(tutorial_words());
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(hapx({"config", "check", write("out.yaml", ran.out)}).status, 0);
  auto words = tutorial_words();
  words.insert(words.end(), {"--out", "-", "-o", "json"});
  const Ran json = hapx(words);
  ASSERT_EQ(json.status, 0) << json.err;
  const Result<YamlNode> tree = tree_from_json(json.out);
  ASSERT_TRUE(tree.has_value()) << json.out;
  EXPECT_EQ(tree->find("config")->find("metadata")->find("name")->scalar, "debian");
  EXPECT_EQ(tree->find("sources")->items.size(), 3U);
  EXPECT_GT(tree->find("leftOut")->items.size(), 10U);
  EXPECT_NE(tree->find("leftOut")->items[0].find("why"), nullptr);
}

TEST_F(Cli, ImportSaysWhatIsMissingAndWritesNothing) {
  const std::string file = folder_ / "hapx.yaml";
  const Ran ran = hapx({"import", examples + "tutorial/cib.xml", "--out", file});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("give it with --node hapx-node01=ADDRESS"));
  EXPECT_THAT(ran.err, HasSubstr("give each with --apiserver HOST[:PORT]"));
  EXPECT_THAT(ran.err, HasSubstr("give --tie-breaker ADDRESS"));
  EXPECT_EQ(ran.out, "");
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(Cli, ImportRefusesWhatIsOfNobody) {
  const std::string mine = write("mine.yaml", good_file);
  const Ran ran = hapx({"import", mine});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr(mine + ":1:1: this is none of corosync.conf"));
  EXPECT_EQ(hapx({"import", folder_ / "none"}).status, 1);
  EXPECT_EQ(hapx({"import", folder_}).status, 1);
  EXPECT_EQ(hapx(std::vector<std::string>(40, "import")).status, 1);
  EXPECT_EQ(hapx({"import", "--nodes", "x"}).status, 64);
  const Ran usual = hapx({"import"});
  EXPECT_EQ(usual.status, 1) << "whatever this machine has in the usual places, it is not enough";
  EXPECT_THAT(usual.err, StartsWith("hapx: "));
}

}  // namespace
}  // namespace hapx::appliance
