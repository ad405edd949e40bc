// SPDX-License-Identifier: Apache-2.0
#include "config/etcd_endpoint.hpp"
#include "config/write.hpp"
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

const std::string files = "caFile: /e/ca, certFile: /e/cert, keyFile: /e/key";

/// Two nodes, which may be changed, and these lines at the end.
std::string file_of(const std::string& second, const std::string& lines) {
  return std::string("    - {name: node1, address: 10.0.0.11}\n") + second + "  services:\n" +
         the_service + lines;
}

Case pair(const std::string& name, const std::string& lines, std::vector<std::string> sentences,
          const std::string& second = "    - {name: node2, address: 10.0.0.12}\n") {
  return {name, std::string(the_nodes) + "  services:\n" + the_service + last_line,
          file_of(second, lines), std::move(sentences)};
}

std::string etcd(const std::string& endpoints, const std::string& rest = ", " + files) {
  return "  arbiter:\n    etcd: {endpoints: [" + endpoints + "]" + rest + "}\n";
}

const std::string good = etcd("https://10.0.0.31:2379");

std::vector<Case> cases() {
  return {
      pair("ThreeNodes", good,
           {"f:16:5: an arbiter has the third vote beside two nodes, and there are 3 nodes, which "
            "need nobody else; remove it, or a node"},
           "    - {name: node2, address: 10.0.0.12}\n    - {name: node3, address: 10.0.0.13}\n"),
      pair("OneNode", good,
           {"f:14:5: an arbiter has the third vote beside two nodes, and there is 1 node; remove "
            "it, or add a node"},
           ""),
      pair("UnequalVotes", good,
           {"f:15:5: an arbiter has the third vote beside two nodes with one vote each; leave "
            "`votes` out"},
           "    - {name: node2, address: 10.0.0.12, votes: 2}\n"),
      pair(
          "BesideEvidence",
          good + "  noQuorumPolicy: ignore\n  tieBreaker: {address: 10.0.0.1, interface: eth0}\n",
          {"f:15:5: with an arbiter there are three votes, and `noQuorumPolicy: ignore` is for two "
           "without one; remove that and spec.tieBreaker, or the arbiter"}),
      pair("NoEtcd", "  arbiter: {}\n", {"f:14:12: `etcd` is missing in spec.arbiter; add it"}),
      pair("NoFiles", etcd("https://10.0.0.31:2379", ""),
           {"f:15:11: `caFile` is missing in spec.arbiter.etcd; add it",
            "f:15:11: `certFile` is missing in spec.arbiter.etcd; add it",
            "f:15:11: `keyFile` is missing in spec.arbiter.etcd; add it"}),
      pair("NoEndpoint", etcd(""), {"f:15:23: there is no endpoint; name the members of etcd"}),
      pair("ThroughTheVip", etcd("https://10.0.0.20:2379"),
           {"f:15:24: 10.0.0.20 is a VIP of service `api`, which is nowhere when the vote is "
            "needed; name the members of etcd themselves"}),
      pair("Twice", etcd("https://10.0.0.31, 'https://10.0.0.31:2379'"),
           {"f:15:43: 10.0.0.31:2379 is there twice; remove one"}),
      pair("NoPort", etcd("'https://10.0.0.31:0'"),
           {"f:15:24: port 0 means \"any port\"; etcd's is 2379"}),
      pair("WithoutTls", etcd("'http://10.0.0.31:2379'"),
           {"f:15:24: `http://10.0.0.31:2379` would be asked without TLS, so anybody could answer; "
            "write it like https://192.168.4.31:2379"}),
      pair(
          "ByName", etcd("'https://kube-mast01:2379'"),
          {"f:15:24: `https://kube-mast01:2379` has no IP address and port behind https:// (a name "
           "would have to be looked up while an address waits for its next holder); write it like "
           "https://192.168.4.31:2379"}),
      pair("NoScheme", etcd("'10.0.0.31:2379'"),
           {"f:15:24: `10.0.0.31:2379` does not begin with https://; write it like "
            "https://192.168.4.31:2379"}),
      pair("NoText", etcd("{a: b}"), {"f:15:24: an endpoint must be a text, not a map"}),
      pair("RelativePath", etcd("https://10.0.0.31", ", caFile: ca, certFile: /c, keyFile: /k"),
           {"f:15:52: caFile must be an absolute path, not `ca`; begin it with /"}),
  };
}

class BadArbiter : public testing::TestWithParam<Case> {};

TEST_P(BadArbiter, IsRefused) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Each, BadArbiter, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

TEST(Arbiter, IsReadAndWritten) {
  auto text = good_file();
  const std::string before = std::string(the_nodes) + "  services:\n" + the_service + last_line;
  text.replace(text.find(before), before.size(),
               file_of("    - {name: node2, address: 10.0.0.12}\n",
                       etcd("https://10.0.0.31:2379, 'https://[2001:db8::31]:4001'")));
  const auto checked = check_config(text, "f");
  ASSERT_TRUE(checked.config) << checked.refusals.front().sentence;
  const EtcdConfig wanted{{{ipv4(10, 0, 0, 31), 2379}, *parse_endpoint("[2001:db8::31]:4001")},
                          "/e/ca",
                          "/e/cert",
                          "/e/key"};
  EXPECT_EQ(checked.config->arbiter, ArbiterConfig{wanted});
  EXPECT_EQ(check_config(write_config(*checked.config), "w").config, checked.config);
}

TEST(EtcdEndpoint, MayLeaveItsPortOut) {
  for (const char* text : {"https://10.0.0.31", "https://10.0.0.31/", "https://10.0.0.31:2379/"})
    EXPECT_EQ(write_etcd_endpoint(*parse_etcd_endpoint(text)), "https://10.0.0.31:2379");
  EXPECT_EQ(write_etcd_endpoint(*parse_etcd_endpoint("https://[::1]")), "https://[::1]:2379");
}

TEST(EtcdEndpoint, IsNothingElse) {
  for (const char* text :
       {"", "https://", "https://::1", "https://[10.0.0.31]", "https://10.0.0.31:65536",
        "https://10.0.0.31:2379/v3", "https://user@10.0.0.31:2379", "HTTPS://10.0.0.31:2379"})
    EXPECT_FALSE(parse_etcd_endpoint(text)) << text;
}

}  // namespace
}  // namespace hapx::refusals
