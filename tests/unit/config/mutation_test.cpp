// SPDX-License-Identifier: Apache-2.0
// A configuration is outside bytes: whatever they are, they are accepted or refused, in time.
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "config/cluster_key.hpp"
#include "config/net.hpp"
#include "config/parse.hpp"
#include "config/time.hpp"
#include "config/validate.hpp"
#include "config/write.hpp"
#include "config/yaml.hpp"

namespace hapx {
namespace {

constexpr const char* seed_text = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: shop}
spec:
  nodes:
    - {name: a, address: 10.0.0.1, role: full, votes: 2}
    - {name: w, address: 10.0.0.3, role: witness, votes: 1}
  timing: {heartbeat: 50ms, lease: 1.5s}
  keyFile: "/run/keys/shop"
  scheduling: {resourceStickiness: INFINITY, migrationThreshold: 0, failureTimeout: 1h30m}
  metrics: {listen: "[::1]:9405"}
  api: {listen: 0.0.0.0:9406, certFile: /a.crt, keyFile: /a.key, clientCAFile: /ops.crt,
        operators: [alice, "bob b"]}
  hooks:
    - {name: run, events: [takeover], command: [/bin/tell, "a b"], timeout: 2s}
    - {name: post, events: [quorum, life], url: "https://h/p?q", caFile: /c, tokenFile: /t}
  services:
    - name: api
      vips:
        - {address: 10.0.0.20/24, interface: eth0}
      port: 443
      apiServers: [10.0.0.31, Kube-Mast03.example.org:8443, "[::1]:1"]
      location: {a: -INFINITY}
      onFail: {vip: block, haproxy: standby}
      healthCheck: {mode: tls, caFile: /ca.crt, interval: 1s, fall: 3, rise: 1}
      haproxy:
        timeouts: {connect: 1s, tunnel: 24h}
        maxConnections: 500
        stats: {port: 32700, credentialsFile: /etc/hapx/stats}
        extraConfig: {global: [tune.bufsize 32768], backend: [option tcplog]}
)";

/// Changes up to eight places: bytes replaced, removed, inserted, pieces doubled or cut off.
std::string mutate(std::string text, std::mt19937_64& random) {
  constexpr const char* pieces[] = {
      "&a ",     "*a",       "!!x ", "- ", "? ",  ": ",   "{",
      "}",       "[",        "]",    "\"", "'",   "|\n",  ">",
      "\n",      "\r",       "\t",   "#",  "---", "\n..", "%",
      "@",       "\\",       "~",    "::", "0",   "-1",   "9999999999999999999",
      "\xff",    "\xc3\xa4", "<<: ", ",",  "1e9", "0x10", "null",
      "INFINITY"};
  const auto changes = 1 + random() % 8;
  for (std::uint64_t i = 0; i < changes && !text.empty(); ++i) {
    const auto at = random() % text.size();
    const auto length = std::min<std::size_t>(random() % 24, text.size() - at);
    switch (random() % 6) {
      case 0:
        text[at] = static_cast<char>(random() % 256);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, pieces[random() % std::size(pieces)]);
        break;
      case 3:
        text.insert(random() % text.size(), text.substr(at, length));
        break;
      case 4:
        text.replace(at, length, pieces[random() % std::size(pieces)]);
        break;
      default:
        if (random() % 8 == 0) text.resize(at);
        break;
    }
  }
  return text;
}

TEST(Mutation, EveryTextIsAcceptedOrRefused) {
  std::mt19937_64 random(20240601);
  int accepted = 0;
  for (int i = 0; i < 4000; ++i) {
    auto seed = std::string(seed_text);
    if (i % 2 == 0) seed.erase(seed.find(", \"[::1]:1\""), 11);  // this one is good
    const auto text = mutate(seed, random);
    SCOPED_TRACE(text);
    const auto checked = check_config(text, "f");
    ASSERT_EQ(checked.config.has_value(), checked.refusals.empty());
    for (const auto& refused : checked.refusals) {
      ASSERT_TRUE(refused.sentence.starts_with("f:")) << refused.sentence;
      ASSERT_LT(refused.sentence.size(), 1000U);
    }
    if (!checked.config) continue;
    ++accepted;
    ASSERT_TRUE(validate(*checked.config).empty());
    const auto written = write_config(*checked.config);
    const auto again = parse_config(written, "written");
    ASSERT_TRUE(again) << again.error().sentence << '\n' << written;
    ASSERT_EQ(*again, *checked.config) << written;
  }
  EXPECT_GT(accepted, 50);  // else the mutations are too wild to prove anything
}

TEST(Mutation, EveryTreeIsReadBack) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 4000; ++i) {
    const auto text = mutate(seed_text, random);
    const auto root = parse_yaml(text, "f");
    if (!root) continue;
    const auto written = write_yaml(*root);
    const auto again = parse_yaml(written, "written");
    ASSERT_TRUE(again) << again.error().sentence << '\n' << written;
    ASSERT_EQ(write_yaml(*again), written) << text;
  }
}

TEST(Mutation, SmallTextsAreAcceptedOrRefused) {
  std::mt19937_64 random(99);
  const char* const seeds[] = {"192.168.4.20/27", "2001:db8::1:2", "1h30m1.5s", "52:54:00:12:34:56",
                               "hapx-key-v1:0123456789abcdef"};
  for (int i = 0; i < 20'000; ++i) {
    const auto text = mutate(seeds[random() % std::size(seeds)], random);
    SCOPED_TRACE(text);
    if (const auto ip = parse_ip(text)) {
      ASSERT_EQ(*parse_ip(to_string(*ip)), *ip);
    }
    if (const auto cidr = parse_cidr(text)) {
      ASSERT_EQ(*parse_cidr(to_string(*cidr)), *cidr);
    }
    if (const auto mac = parse_mac(text)) {
      ASSERT_EQ(*parse_mac(to_string(*mac)), *mac);
    }
    if (const auto duration = parse_duration(text)) {
      ASSERT_EQ(*parse_duration(to_string(*duration)), *duration);
    }
    if (const auto key = parse_key(text)) {
      ASSERT_EQ(*parse_key(write_key(*key)), *key);
      ASSERT_EQ(*parse_keys(text), ClusterKeys{*key});
    }
  }
}

}  // namespace
}  // namespace hapx
