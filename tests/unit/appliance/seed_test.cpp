// SPDX-License-Identifier: Apache-2.0
// Has a machine all that it needs to be a node when it has booted?
#include "appliance/cloud-init/seed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/parse.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::cloud_init {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The tutorials' layout: VLAN 43 for nodes and management, VLAN 41 for clients.
constexpr const char* vlans = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  nodes:
    - {name: hapx-node01, address: 192.168.4.131}
    - {name: hapx-node02, address: 192.168.4.132}
    - {name: hapx-node03, address: 192.168.4.133, role: witness}

  services:
    - name: kube-apiserver
      vips: [{address: 192.168.4.20/27, interface: enp0s3.41}]
      apiServers: ['192.168.4.158:6443']  # only one
)";
constexpr const char* flat = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  nodes:
    - {name: node1, address: 192.168.4.11, links: [10.0.0.1]}
    - {name: node2, address: 192.168.4.12, links: [10.0.0.2]}
    - {name: node3, address: 192.168.4.13, links: [10.0.0.3]}
  services:
    - name: kube-apiserver
      vips: [{address: 192.168.4.20/27, interface: eth0}]
      apiServers: ['192.168.4.158:6443']
)";

ClusterConfig config_of(const char* text) {
  auto config = parse_config(text, "hapx.yaml");
  EXPECT_TRUE(config.has_value()) << config.error().sentence;
  return *config;
}

SeedWishes wishes_for(const char* text) {
  SeedWishes wishes;
  wishes.config_text = text;
  for (std::size_t i = 0; i < key_bytes; ++i)
    wishes.keys.first[i] = static_cast<std::uint8_t>(i * 37U % 251U);
  if (text == vlans) {
    wishes.network.interfaces = {"enp0s3.43"};
    wishes.network.networks = {"192.168.4.128/27"};
  } else {
    wishes.network.interfaces = {"eth0", "eth1"};
    wishes.network.networks = {"192.168.4.0/27", "10.0.0.0/24"};
  }
  return wishes;
}

std::vector<Seed> seeds_for(const char* text, const SeedWishes& wishes) {
  auto seeds = seeds_of(config_of(text), wishes);
  EXPECT_TRUE(seeds.has_value()) << seeds.error().sentence;
  return seeds ? *seeds : std::vector<Seed>{};
}

std::string refusal_of(const char* text, const SeedWishes& wishes) {
  const auto seeds = seeds_of(config_of(text), wishes);
  return seeds ? "it was accepted" : seeds.error().sentence;
}

/// The value at a path of keys and positions: "vlans", "eth0", "addresses", "0".
std::string at(const std::string& text, const std::vector<std::string>& path) {
  const auto root = parse_yaml(text, "it");
  if (!root) return root.error().sentence;
  const YamlNode* node = &*root;
  for (const std::string& step : path) {
    if (node->kind == YamlNode::Kind::list) {
      const std::size_t index = std::stoul(step);
      if (index >= node->items.size()) return "nothing";
      node = &node->items[index];
    } else {
      node = node->find(step);
    }
    if (node == nullptr) return "nothing";
  }
  return node->kind == YamlNode::Kind::scalar ? node->scalar : "something";
}

std::vector<std::string> keys_at(const std::string& text, const std::string& key) {
  std::vector<std::string> keys;
  const auto root = parse_yaml(text, "it");
  const YamlNode* node = root ? root->find(key) : nullptr;
  if (node == nullptr) return keys;
  for (const YamlEntry& entry : node->entries) keys.push_back(entry.key.text);
  return keys;
}

TEST(Seeds, AreOneForEachNodeWithTheKeyFirst) {
  const auto seeds = seeds_for(vlans, wishes_for(vlans));
  ASSERT_EQ(seeds.size(), 3U);
  for (const Seed& seed : seeds) {
    EXPECT_TRUE(seed.user_data.starts_with("#cloud-config\n"));
    EXPECT_EQ(seed.user_data, seeds.front().user_data) << "the same for all";
    EXPECT_EQ(at(seed.meta_data, {"local-hostname"}), seed.node.text());
  }
  const std::string& user = seeds.front().user_data;
  EXPECT_EQ(at(user, {"write_files", "0", "path"}), "/etc/hapx/cluster.key");
  EXPECT_EQ(at(user, {"write_files", "0", "permissions"}), "0400");
  EXPECT_EQ(at(user, {"write_files", "0", "content"}), write_key(wishes_for(vlans).keys.first));
  EXPECT_EQ(at(user, {"write_files", "1", "path"}), "/etc/hapx/hapx.yaml");
  EXPECT_EQ(at(user, {"write_files", "1", "content"}), vlans);
}

TEST(Seeds, HaveTheFileAsItWasWritten) {
  SeedWishes wishes = wishes_for(vlans);
  for (const std::string& text :
       {"  # indented\n\n\n" + std::string(vlans), std::string(vlans) + "# no end of line"}) {
    wishes.config_text = text;
    const auto seeds = seeds_for(vlans, wishes);
    const std::string end = text.back() == '\n' ? "" : "\n";
    EXPECT_EQ(at(seeds.front().user_data, {"write_files", "1", "content"}), text + end);
  }
}

TEST(Seeds, HaveBothKeysWhileOneReplacesTheOther) {
  SeedWishes wishes = wishes_for(vlans);
  wishes.keys.second = stand_in_of(wishes.keys.first);
  EXPECT_EQ(at(seeds_for(vlans, wishes).front().user_data, {"write_files", "0", "content"}),
            write_key(wishes.keys.first) + write_key(*wishes.keys.second));
}

TEST(Seeds, AreAnotherInstanceWhenAnythingInThemIsAnother) {
  const auto id_of = [](const SeedWishes& wishes) {
    return at(seeds_for(vlans, wishes).front().meta_data, {"instance-id"});
  };
  const SeedWishes wishes = wishes_for(vlans);
  const std::string id = id_of(wishes);
  EXPECT_TRUE(id.starts_with("hapx-node01-"));
  EXPECT_EQ(id_of(wishes), id);
  SeedWishes other = wishes;
  other.keys.first[7] ^= 1U;
  EXPECT_NE(id_of(other), id);
  other = wishes;
  other.config_text += "# changed\n";
  EXPECT_NE(id_of(other), id);
  other = wishes;
  other.network.gateway = "192.168.4.129";
  EXPECT_NE(id_of(other), id);
}

TEST(Seeds, HaveTheOperatorsCloudConfigInFront) {
  SeedWishes wishes = wishes_for(vlans);
  wishes.more_file = "users.yaml";
  wishes.more = "#cloud-config\ntimezone: Europe/Berlin";
  const std::string user = seeds_for(vlans, wishes).front().user_data;
  EXPECT_TRUE(user.starts_with(wishes.more + '\n'));
  EXPECT_EQ(at(user, {"timezone"}), "Europe/Berlin");
  EXPECT_EQ(at(user, {"write_files", "1", "content"}), vlans);

  wishes.more = "#cloud-config\ntimezone: UTC\nwrite_files: []\n";
  EXPECT_THAT(refusal_of(vlans, wishes), HasSubstr("users.yaml:3:1: hapx writes `write_files`"));
  wishes.more = "timezone: UTC\n";
  EXPECT_THAT(refusal_of(vlans, wishes), HasSubstr("users.yaml:1:1: a cloud-config begins with"));
  wishes.more = "#cloud-config\n- timezone\n";
  EXPECT_THAT(refusal_of(vlans, wishes), HasSubstr("users.yaml:2:1: a cloud-config is a map"));
  wishes.more = "#cloud-config\ntimezone: [\n";
  EXPECT_THAT(refusal_of(vlans, wishes), HasSubstr("users.yaml:"));
}

TEST(NetworkConfig, HasVlansTheirParentAndNoAddressWhereTheVipIs) {
  SeedWishes wishes = wishes_for(vlans);
  wishes.network.gateway = "192.168.4.129";
  wishes.network.nameservers = {"192.168.4.129", "9.9.9.9"};
  const auto seeds = seeds_for(vlans, wishes);
  const std::string& first = seeds[0].network_config;
  EXPECT_EQ(at(first, {"version"}), "2");
  EXPECT_EQ(at(first, {"ethernets", "enp0s3", "dhcp4"}), "false");
  EXPECT_EQ(at(first, {"ethernets", "enp0s3", "addresses"}), "nothing");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.41", "id"}), "41");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.41", "link"}), "enp0s3");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.41", "addresses"}), "nothing");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.43", "addresses", "0"}), "192.168.4.131/27");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.43", "routes", "0", "to"}), "0.0.0.0/0");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.43", "routes", "0", "via"}), "192.168.4.129");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.43", "nameservers", "addresses", "1"}), "9.9.9.9");
  EXPECT_EQ(at(first, {"vlans", "enp0s3.41", "routes"}), "nothing");
  EXPECT_THAT(keys_at(seeds[2].network_config, "vlans"), ElementsAre("enp0s3.43"))
      << "a witness has no VIP";
}

TEST(NetworkConfig, SaysTheSameInVersionOne) {
  SeedWishes wishes = wishes_for(vlans);
  wishes.network.gateway = "192.168.4.129";
  wishes.network.nameservers = {"9.9.9.9"};
  const std::string first = seeds_for(vlans, wishes)[0].network_config_v1;
  EXPECT_EQ(at(first, {"version"}), "1");
  EXPECT_EQ(at(first, {"config", "0", "type"}), "physical") << "before what lies on it";
  EXPECT_EQ(at(first, {"config", "0", "name"}), "enp0s3");
  EXPECT_EQ(at(first, {"config", "0", "subnets", "0", "type"}), "manual");
  EXPECT_EQ(at(first, {"config", "1", "name"}), "enp0s3.41");
  EXPECT_EQ(at(first, {"config", "2", "vlan_id"}), "43");
  EXPECT_EQ(at(first, {"config", "2", "vlan_link"}), "enp0s3");
  EXPECT_EQ(at(first, {"config", "2", "subnets", "0", "address"}), "192.168.4.131/27");
  EXPECT_EQ(at(first, {"config", "2", "subnets", "0", "gateway"}), "192.168.4.129");
  EXPECT_EQ(at(first, {"config", "3", "type"}), "nameserver");
  EXPECT_EQ(at(first, {"config", "3", "address", "0"}), "9.9.9.9");
}

TEST(NetworkConfig, TakesTheVipsInterfaceForNodesInItsNetwork) {
  SeedWishes wishes = wishes_for(flat);
  wishes.network.interfaces = {};
  wishes.network.networks = {};
  EXPECT_EQ(refusal_of(flat, wishes),
            "which interface has 10.0.0.1, 10.0.0.2, 10.0.0.3? They are in no VIP's network; say "
            "--interface NAME");
  wishes.network.interfaces = {"eth0", "eth1"};
  EXPECT_THAT(refusal_of(flat, wishes), HasSubstr("how large is the network of 10.0.0.1"));
  wishes.network.networks = {"192.168.4.0/24", "10.0.0.0/24"};
  const std::string first = seeds_for(flat, wishes).front().network_config;
  EXPECT_EQ(at(first, {"ethernets", "eth0", "addresses", "0"}), "192.168.4.11/24");
  EXPECT_EQ(at(first, {"ethernets", "eth1", "addresses", "0"}), "10.0.0.1/24");
  EXPECT_EQ(at(first, {"vlans"}), "nothing");
}

TEST(NetworkConfig, RefusesWhatCanNotBe) {
  const auto with = [](auto change) {
    SeedWishes wishes = wishes_for(vlans);
    change(wishes.network);
    return refusal_of(vlans, wishes);
  };
  EXPECT_EQ(with([](auto& network) { network.networks = {"192.168.4.0/27"}; }),
            "--network 192.168.4.0/27 does not have 192.168.4.131");
  EXPECT_THAT(with([](auto& network) { network.networks = {"192.168.4.128"}; }),
              HasSubstr("--network "));
  EXPECT_THAT(with([](auto& network) { network.interfaces = {"a name too long for it"}; }),
              HasSubstr("--interface no interface can be called"));
  EXPECT_THAT(with([](auto& network) { network.gateway = "router"; }), HasSubstr("--gateway "));
  EXPECT_THAT(with([](auto& network) { network.nameservers = {"dns"}; }),
              HasSubstr("--nameserver "));
  EXPECT_EQ(with([](auto& network) { network.interfaces.push_back("eth1"); }),
            "each node has 1 way, and so many times may --interface and --network be given");
}

TEST(NetworkConfig, ADotAloneMakesNoVlan) {
  for (const char* name : {"eth0.", "eth0.x", "eth0.0", "eth0.4095", ".43"}) {
    SeedWishes wishes = wishes_for(flat);
    wishes.network.interfaces = {name, "eth1"};
    const std::string first = seeds_for(flat, wishes).front().network_config;
    EXPECT_EQ(at(first, {"ethernets", name, "dhcp4"}), "false") << first;
  }
}

}  // namespace
}  // namespace hapx::appliance::cloud_init
