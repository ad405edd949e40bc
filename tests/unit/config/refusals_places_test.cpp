// SPDX-License-Identifier: Apache-2.0
// Refusals of names, nodes, addresses and interfaces.
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

std::string last_line_after_service(const std::string& name, const std::string& vip) {
  return "    - name: " + name + "\n      vips: [{address: " + vip +
         ", interface: eth0}]\n      apiServers: [mast1:6443]\n" + last_line;
}

std::string many_vips(int count) {
  std::string out = "[";
  for (int i = 1; i <= count; ++i) {
    out += "{address: 10.1.0." + std::to_string(i) + "/32, interface: e},";
  }
  return out + "]";
}

std::vector<Case> cases() {
  return {
      {"ClusterNameWithUpperCase",
       "{name: demo}",
       "{name: Demo}",
       {"f:3:18: `Demo` can't be the name of a cluster: a name has 1 to 63 lower-case letters, "
        "digits and hyphens and begins and ends with a letter or digit; did you mean `demo`?"}},
      {"ClusterNameEmpty",
       "{name: demo}",
       "{name: \"\"}",
       {"f:3:18: `` can't be the name of a cluster: a name has 1 to 63 lower-case letters, digits "
        "and hyphens and begins and ends with a letter or digit"}},
      {"NodeNameWithUnderscore",
       "name: node2",
       "name: Node_2",
       {"f:7:14: `Node_2` can't be the name of a node: a name has 1 to 63 lower-case letters, "
        "digits and hyphens and begins and ends with a letter or digit; did you mean `node-2`?"}},
      {"NodeNameWithDomain",
       "name: node2",
       "name: node2.example.org",
       {"f:7:14: `node2.example.org` can't be the name of a node: a name has 1 to 63 lower-case "
        "letters, digits and hyphens and begins and ends with a letter or digit; did you mean "
        "`node2`?"}},
      {"NodeNameWithHyphenLast",
       "name: node2",
       "name: node2-",
       {"f:7:14: `node2-` can't be the name of a node: a name has 1 to 63 lower-case letters, "
        "digits and hyphens and begins and ends with a letter or digit"}},
      {"NodeNameTooLong",
       "name: node2",
       "name: " + std::string(64, 'n'),
       {"f:7:14: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn` can't be the "
        "name of a node: a name has 1 to 63 lower-case letters, digits and hyphens and begins and "
        "ends with a letter or digit"}},
      {"ServiceNameWithSpace",
       "name: api\n",
       "name: a pi\n",
       {"f:10:13: `a pi` can't be the name of a service: a name has 1 to 63 lower-case letters, "
        "digits and hyphens and begins and ends with a letter or digit"}},
      {"NameWithControlCharacter",
       "name: api\n",
       "name: \"a\\0pi\"\n",
       {"f:10:13: `a?pi` can't be the name of a service: a name has 1 to 63 lower-case letters, "
        "digits and hyphens and begins and ends with a letter or digit"}},
      {"TwoNodesOfOneName",
       "name: node2",
       "name: node1",
       {"f:7:14: there are two nodes `node1`; rename one"}},
      {"TwoServicesOfOneName",
       last_line,
       last_line_after_service("api", "10.0.0.21/24"),
       {"f:15:13: there are two services `api`; rename one"}},
      {"NoNodes", the_nodes, "    []\n", {"f:6:5: there is no node; write 1 to 3 of them"}},
      {"FourNodes",
       "  services:",
       "    - {name: node4, address: 10.0.0.4}\n  services:",
       {"f:6:5: there are 4 nodes; a cluster has 1 to 3, a witness included; remove some"}},
      {"OnlyWitnesses",
       the_full_nodes,
       "",
       {"f:6:5: every node is a witness, so none may hold an address; give at least one the role "
        "full",
        "f:12:18: there is no node `node1`; did you mean `node3`?"}},
      {"TwoNodesOfOneAddress",
       "10.0.0.2}",
       "10.0.0.1}",
       {"f:7:30: 10.0.0.1 is already the address of node `node1`; each node has its own"}},
      {"NodeAddressIsNone",
       "10.0.0.2}",
       "10.0.0.256}",
       {"f:7:30: `10.0.0.256` is not an IP address; write the node's address, like 192.168.4.11"}},
      {"NodeAddressIsAName",
       "10.0.0.2}",
       "node2.example.org}",
       {"f:7:30: `node2.example.org` is not an IP address; write the node's address, like "
        "192.168.4.11"}},
      {"NodeAddressWithPrefix",
       "10.0.0.2}",
       "10.0.0.2/24}",
       {"f:7:30: a node's address has no prefix; write 10.0.0.2 instead of `10.0.0.2/24`"}},
      {"NodeAddressesOfTwoFamilies",
       "10.0.0.2}",
       "\"2001:db8::2\"}",
       {"f:7:30: node `node1` has an IPv4 address, and the nodes hear each other by one family; "
        "write addresses of the same one"}},
      {"NodeAddressLoopback",
       "10.0.0.2}",
       "127.0.0.1}",
       {"f:7:30: 127.0.0.1 is a loopback address, at which no other node can reach this one; use "
        "its address in the nodes' network"}},
      {"NodeAddressUnspecified",
       "10.0.0.2}",
       "0.0.0.0}",
       {"f:7:30: 0.0.0.0 means \"no address\" (0.0.0.0/8); choose one of the network"}},
      {"NodeAddressMulticast",
       "10.0.0.2}",
       "224.0.0.18}",
       {"f:7:30: 224.0.0.18 is a multicast address; choose one of the network"}},
      {"NodeAddressBroadcast",
       "10.0.0.2}",
       "255.255.255.255}",
       {"f:7:30: 255.255.255.255 is a reserved or broadcast address; choose one of the network"}},
      {"TooManyVotes",
       "10.0.0.2}",
       "10.0.0.2, votes: 10}",
       {"f:7:47: votes must be from 0 to 9, not 10"}},
      {"WitnessWithoutVote",
       "role: witness",
       "role: witness, votes: 0",
       {"f:8:62: a witness is there to vote, and with 0 votes it does nothing; give it a vote or "
        "remove it"}},
      {"NoVotesAtAll",
       the_nodes,
       "    - {name: node1, address: 10.0.0.1, votes: 0}\n",
       {"f:6:5: the nodes have 0 votes together, and more than half of 0 votes can never be won; "
        "give at least one node a vote"}},
      {"VipWithoutPrefix",
       "10.0.0.20/24",
       "10.0.0.20",
       {"f:11:24: the VIP `10.0.0.20` has no prefix; write its network's behind it, like "
        "192.168.4.20/27"}},
      {"VipIsNone",
       "10.0.0.20/24",
       "10.0.0.20/33",
       {"f:11:24: `10.0.0.20/33` is not an address with a prefix, like 192.168.4.20/27"}},
      {"VipIpv6OfALink",
       "10.0.0.20/24",
       "\"fe80::20/64\"",
       {"f:11:24: fe80::20 is a link-local address, which means another machine on each link; use "
        "a global one or one of fd00::/8"}},
      {"VipIpv6Unspecified",
       "10.0.0.20/24",
       "\"::/64\"",
       {"f:11:24: :: means \"no address\"; choose one of the network"}},
      {"VipIpv6Loopback",
       "10.0.0.20/24",
       "\"::1/128\"",
       {"f:11:24: ::1/128 is a loopback address, which no client can reach; choose one of the "
        "network"}},
      {"VipIpv6Multicast",
       "10.0.0.20/24",
       "\"ff02::1/64\"",
       {"f:11:24: ff02::1 is a multicast address; choose one of the network"}},
      {"VipIpv6OfIpv4",
       "10.0.0.20/24",
       "\"::ffff:10.0.0.20/120\"",
       {"f:11:24: ::ffff:a00:14 is an IPv4 address; write it as 10.0.0.20"}},
      {"VipIpv6IsTheRouters",
       "10.0.0.20/24",
       "\"2001:db8::/64\"",
       {"f:11:24: 2001:db8::/64 is the address of the network's routers (RFC 4291, 2.6.1); use "
        "another one within it"}},
      {"VipIpv6PrefixTooShort",
       "10.0.0.20/24",
       "\"2001:db8::20/16\"",
       {"f:11:24: the prefix of 2001:db8::20/16 is too short: it would claim more than a "
        "provider's whole network; write the prefix of the VIP's network, mostly 64"}},
      {"VipIpv6PrefixIsNone",
       "10.0.0.20/24",
       "\"2001:db8::20/129\"",
       {"f:11:24: `2001:db8::20/129` is not an address with a prefix, like 192.168.4.20/27"}},
      {"VipIsANodesAddress",
       "10.0.0.20/24",
       "10.0.0.2/24",
       {"f:11:24: the VIP 10.0.0.2 is the address of node `node2`; a VIP moves between nodes, so "
        "choose an address of no machine"}},
      {"VipIsAnApiServersAddress",
       "10.0.0.20/24",
       "10.0.0.31/24",
       {"f:13:32: the apiserver's address 10.0.0.31 is a VIP of service `api`, which would send "
        "its clients in a circle; write the address of the machine that runs kube-apiserver"}},
      {"VipTwiceInAService",
       "interface: eth0}]",
       "interface: eth0}, {address: 10.0.0.20/32, interface: eth1}]",
       {"f:11:66: the VIP 10.0.0.20 stands twice in this service; remove one"}},
      {"VipOfTwoServices",
       last_line,
       last_line_after_service("web", "10.0.0.20/24"),
       {"f:16:24: the VIP 10.0.0.20 already belongs to service `api`; an address belongs to one "
        "service, since it moves with it"}},
      {"VipLoopback",
       "10.0.0.20/24",
       "127.0.0.2/8",
       {"f:11:24: 127.0.0.2/8 is a loopback address, which no client can reach; choose one of the "
        "network"}},
      {"VipUnspecified",
       "10.0.0.20/24",
       "0.0.0.0/24",
       {"f:11:24: 0.0.0.0 means \"no address\" (0.0.0.0/8); choose one of the network"}},
      {"VipMulticast",
       "10.0.0.20/24",
       "239.0.0.1/24",
       {"f:11:24: 239.0.0.1 is a multicast address; choose one of the network"}},
      {"VipBroadcast",
       "10.0.0.20/24",
       "255.255.255.255/32",
       {"f:11:24: 255.255.255.255 is a reserved or broadcast address; choose one of the network"}},
      {"VipIsTheNetwork",
       "10.0.0.20/24",
       "10.0.0.32/27",
       {"f:11:24: 10.0.0.32/27 is the address of the network itself; use one within it"}},
      {"VipIsTheNetworksBroadcast",
       "10.0.0.20/24",
       "10.0.0.63/27",
       {"f:11:24: 10.0.0.63/27 is the network's broadcast address; use one below it"}},
      {"VipPrefixTooShort",
       "10.0.0.20/24",
       "10.0.0.20/0",
       {"f:11:24: the prefix of 10.0.0.20/0 is too short: it would claim more than 16 million "
        "addresses; write the prefix of the VIP's network, 8 to 32"}},
      {"NoVips",
       "[{address: 10.0.0.20/24, interface: eth0}]",
       "[]",
       {"f:11:13: service `api` has no VIP, so no client could reach it; write at least one"}},
      {"TooManyVips",
       "[{address: 10.0.0.20/24, interface: eth0}]",
       many_vips(65),
       {"f:10:5: the services have 65 VIPs together; the most is 64; remove some"}},
      {"InterfaceEmpty",
       "interface: eth0",
       "interface: \"\"",
       {"f:11:49: no interface can be called ``: the name is empty; `ip link` lists the names "
        "there are"}},
      {"InterfaceTooLong",
       "interface: eth0",
       "interface: enp0s3.41000000x",
       {"f:11:49: no interface can be called `enp0s3.41000000x`: it has 16 bytes and Linux allows "
        "15; `ip link` lists the names there are"}},
      {"InterfaceWithSlash",
       "interface: eth0",
       "interface: eth0/1",
       {"f:11:49: no interface can be called `eth0/1`: it contains `/`; `ip link` lists the names "
        "there are"}},
      {"InterfaceWithColon",
       "interface: eth0",
       "interface: \"eth0:1\"",
       {"f:11:49: no interface can be called `eth0:1`: it contains `:`; `ip link` lists the names "
        "there are"}},
      {"InterfaceWithSpace",
       "interface: eth0",
       "interface: eth 0",
       {"f:11:49: no interface can be called `eth 0`: it contains a space or a control character; "
        "`ip link` lists the names there are"}},
      {"InterfaceDots",
       "interface: eth0",
       "interface: ..",
       {"f:11:49: no interface can be called `..`: it is the name of a directory; `ip link` lists "
        "the names there are"}},
  };
}

class BadPlace : public testing::TestWithParam<Case> {};

TEST_P(BadPlace, IsRefused) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Each, BadPlace, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace hapx::refusals
