// SPDX-License-Identifier: Apache-2.0
// The configurations of the tutorials, and the whole of what becomes of them.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "imports_bench.hpp"

namespace hapx::appliance::imports {
namespace {

const std::string folder = HAPX_SOURCE_DIR "/tests/unit/appliance/imports/";

std::string content_of(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(folder + name).rdbuf();
  return text.str();
}

std::vector<Source> sources_of(const std::string& place, const std::vector<std::string>& names) {
  std::vector<Source> sources;
  for (const std::string& name : names) {
    sources.push_back(read_well(content_of(place + "/" + name), name));
  }
  return sources;
}

std::string said(const Imported& imported) {
  std::string out;
  for (const Remark& remark : imported.remarks) out += to_sentence(remark) + "\n";
  return out;
}

/// What differs is written beside the test program, to be compared, and copied if it is right.
void expect_golden_text(const std::string& text, const std::string& name) {
  if (text == content_of(name)) return;
  std::string fresh = "fresh-" + name;
  std::ranges::replace(fresh, '/', '-');
  std::ofstream(fresh) << text;
  ADD_FAILURE() << "compare: diff " << folder << name << " " << fresh;
}

Wishes of_tutorial() {
  Wishes wishes;
  wishes.nodes = {"hapx-node01=192.168.4.131", "hapx-node02=192.168.4.132"};
  wishes.tie_breaker = "192.168.4.1";
  return wishes;
}

TEST(ImportGolden, TheTutorialOfPacemaker) {
  const auto sources = sources_of("tutorial", {"corosync.conf", "cib.crm", "haproxy.cfg"});
  const Imported imported = import_all(sources, of_tutorial());
  ASSERT_TRUE(imported.config) << imported.refusals.front();
  expect_golden_text(imported.text, "tutorial/hapx.yaml");
  expect_golden_text(said(imported), "tutorial/said.txt");
}

TEST(ImportGolden, BothSpellingsOfACibAreOne) {
  const auto of_text =
      import_all(sources_of("tutorial", {"cib.crm", "haproxy.cfg"}), of_tutorial());
  const auto of_xml = import_all(sources_of("tutorial", {"cib.xml", "haproxy.cfg"}), of_tutorial());
  ASSERT_TRUE(of_text.config) << of_text.refusals.front();
  ASSERT_TRUE(of_xml.config) << of_xml.refusals.front();
  EXPECT_EQ(*of_xml.config, *of_text.config);
  expect_golden_text(said(of_xml), "tutorial/said-of-xml.txt");
  const auto typed = import_all(
      sources_of("tutorial", {"corosync.conf", "typed.crm", "haproxy.cfg"}), of_tutorial());
  ASSERT_TRUE(typed.config) << typed.refusals.front();
  EXPECT_EQ(*typed.config, *of_text.config) << "as people type it in";
}

TEST(ImportGolden, TheTutorialAloneSaysWhatIsMissing) {
  const auto sources = sources_of("tutorial", {"corosync.conf", "cib.crm", "haproxy.cfg"});
  std::string missing;
  for (const std::string& sentence : import_all(sources, {}).refusals) missing += sentence + "\n";
  expect_golden_text(missing, "tutorial/missing.txt");
}

TEST(ImportGolden, TheGuideOfKubernetes) {
  const auto sources =
      sources_of("kubernetes", {"node1-keepalived.conf", "node2-keepalived.conf", "haproxy.cfg"});
  Wishes wishes;
  wishes.cluster = "kube-demo";
  wishes.nodes = {"node1=10.0.0.11", "node2=10.0.0.12"};
  wishes.witnesses = {"node3=10.0.0.13"};
  const Imported imported = import_all(sources, wishes);
  ASSERT_TRUE(imported.config) << imported.refusals.front();
  expect_golden_text(imported.text, "kubernetes/hapx.yaml");
  expect_golden_text(said(imported), "kubernetes/said.txt");
}

}  // namespace
}  // namespace hapx::appliance::imports
