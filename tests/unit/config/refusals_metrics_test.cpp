// SPDX-License-Identifier: Apache-2.0
// Refusals of spec.metrics.
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

Case listen(std::string name, const std::string& value, const std::string& sentence) {
  return {
      std::move(name), last_line, "  metrics: {listen: " + value + "}\n", {"f:15:21: " + sentence}};
}

Case access(std::string name, const std::string& keys, std::vector<std::string> refusals) {
  return {std::move(name), last_line, "  metrics: {" + keys + "}\n", std::move(refusals)};
}

std::vector<Case> cases() {
  return {
      listen("PortAlone", "9405",
             "`9405` is no address and port; write the address, too, like "
             "127.0.0.1:9405"),
      listen("PortWithAColon", "\":9405\"",
             "`:9405` is no address and port; for all addresses of a node write 0.0.0.0:9405"),
      listen("AddressAlone", "127.0.0.1",
             "`127.0.0.1` is no address and port; write the port, too, like 127.0.0.1:9405"),
      listen("Ipv6AddressAlone", "\"::1\"",
             "`::1` is no address and port; write the port, too, like [::1]:9405"),
      listen("HostName", "localhost:9405",
             "`localhost:9405` is no address and port; write 127.0.0.1:9405"),
      listen("AnotherHostName", "node1:9405",
             "`node1:9405` is no address and port; write it like 127.0.0.1:9405, or `off`"),
      listen("PortTooHigh", "127.0.0.1:65536",
             "`127.0.0.1:65536` is no address and port; write it like 127.0.0.1:9405, or `off`"),
      listen("Falsehood", "false", "`false` is no address and port; to turn it off write `off`"),
      listen("Url", "http://127.0.0.1:9405/metrics",
             "`http://127.0.0.1:9405/metrics` is no address and port; write it like "
             "127.0.0.1:9405, or `off`"),
      listen("PortZero", "127.0.0.1:0", "port 0 means \"any port\"; choose one from 1 to 65535"),
      listen("Multicast", "224.0.0.1:9405",
             "224.0.0.1 is an address that no machine has; use 127.0.0.1 or 0.0.0.0"),
      listen("Broadcast", "255.255.255.255:9405",
             "255.255.255.255 is an address that no machine has; use 127.0.0.1 or 0.0.0.0"),
      listen("NoNetwork", "0.0.0.1:9405",
             "0.0.0.1 is an address that no machine has; use 127.0.0.1 or 0.0.0.0"),
      listen("Ipv6Multicast", "\"[ff02::1]:9405\"",
             "ff02::1 is a multicast address; use [::1] or [::]"),
      listen("Ipv6LinkLocal", "\"[fe80::1]:9405\"",
             "fe80::1 is a link-local address, which is not told apart without an interface; use "
             "[::1] or [::]"),
      listen("WhereTheServiceIs", "10.0.0.20:6443",
             "10.0.0.20:6443 is where service `api` is served; choose another address and port, "
             "like 127.0.0.1:9405"),
      listen("AnotherPortOfTheVip", "10.0.0.20:9405",
             "10.0.0.20 is a VIP of service `api`, which is on one node at a time, and every node "
             "has metrics; use 127.0.0.1, or 0.0.0.0:9405 for all addresses of each node"),
      listen("TheServicesPortEverywhere", "0.0.0.0:6443",
             "0.0.0.0:6443 takes port 6443 of every address, the VIPs of service `api` included; "
             "choose another port"),
      listen("TheServicesPortEverywhereInIpv6", "\"[::]:6443\"",
             "[::]:6443 takes port 6443 of every address, the VIPs of service `api` included; "
             "choose another port"),
      listen("ANodesAddress", "10.0.0.1:9405",
             "10.0.0.1 is the address of node `node1` alone, and this file is the same on every "
             "node; use 0.0.0.0:9405 for all addresses of each node"),
      listen("AList", "[a]",
             "`listen` must be an address and a port, like 127.0.0.1:9405, not a list"),
      access("ACertificateWithoutItsKey", "certFile: /m.crt",
             {"f:15:23: a certificate is shown by who has its key; add `keyFile`"}),
      access("AKeyWithoutItsCertificate", "keyFile: /m.key",
             {"f:15:22: there is no certificate that it is the key of; add `certFile`"}),
      access("ClientsOfACaWithoutHttps", "clientCAFile: /ca.crt",
             {"f:15:27: certificates are shown over HTTPS alone; add `certFile` and `keyFile`"}),
      access("PasswordsInTheClear", "listen: 0.0.0.0:9405, credentialsFile: /users",
             {"f:15:52: whoever sees the network would read the passwords; add `certFile` and "
              "`keyFile`, or listen at 127.0.0.1"}),
      access("ARelativePath", "certFile: m.crt, keyFile: /m.key",
             {"f:15:23: certFile must be an absolute path, not `m.crt`; begin it with /"}),
  };
}

class BadListen : public testing::TestWithParam<Case> {};

TEST_P(BadListen, IsRefused) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Each, BadListen, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

TEST(BadListen, WithoutANameHasNoDefault) {
  const auto checked = check_config(good_file() + "  metrics: {listen: }\n", "f");
  EXPECT_FALSE(checked.config);
  ASSERT_EQ(checked.refusals.size(), 1U);
}

TEST(MetricsAccess, MayBeGivenToSome) {
  for (const char* keys :
       {"credentialsFile: /users", "listen: \"[::1]:1\", credentialsFile: /users",
        "listen: 0.0.0.0:9405, certFile: /c, keyFile: /k, clientCAFile: /a, credentialsFile: /u",
        "listen: off, certFile: /c"}) {
    const auto parsed = parse_config(good_file() + "  metrics: {" + keys + "}\n", "f");
    EXPECT_TRUE(parsed) << keys << ": " << parsed.error().sentence;
  }
}

TEST(BadListen, AtTheAddressOfAnOnlyNodeIsFine) {
  const auto parsed = parse_config(R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: demo}
spec:
  nodes: [{name: node1, address: 10.0.0.1}]
  services:
    - name: api
      vips: [{address: 10.0.0.20/24, interface: eth0}]
      apiServers: [mast1]
  metrics: {listen: 10.0.0.1:6443}
)",
                                   "f");
  EXPECT_TRUE(parsed) << parsed.error().sentence;
}

}  // namespace
}  // namespace hapx::refusals
