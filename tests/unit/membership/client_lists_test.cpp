// SPDX-License-Identifier: Apache-2.0
// Who was connected to an address is told to those who may hold it next.
#include "membership/client_lists.hpp"

#include <gtest/gtest.h>

#include "membership/plaintext.hpp"
#include "world.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;
using testing::World;

const LeaseKey key = LeaseKey::of(ipv4(192, 168, 4, 20));
const LeaseKey key6("2001:db8:4::20");
const NodeName holder("node1");

std::vector<Endpoint> clients(std::size_t count, Family family = Family::ipv4) {
  std::vector<Endpoint> all;
  for (std::size_t i = 0; i < count; ++i) {
    IpAddress address =
        family == Family::ipv4 ? ipv4(192, 168, 4, 99) : *parse_ip("2001:db8:4::99");
    address.bytes[1] = static_cast<std::uint8_t>(i % 251);
    all.push_back({address, static_cast<std::uint16_t>(40000 + i)});
  }
  return all;
}

TEST(ClientLists, a_list_comes_together_from_its_parts_in_any_order) {
  const auto list = clients(120);
  auto parts = parts_of(key, 1, list);
  ASSERT_EQ(parts.size(), 3U);
  ClientLists lists;
  for (const std::size_t i : {2U, 0U}) lists.add(holder, parts[i]);
  EXPECT_TRUE(lists.of(key).empty()) << "a part is missing";
  lists.add(holder, parts[1]);
  EXPECT_EQ(lists.of(key), list);
  EXPECT_TRUE(lists.of(key6).empty());
}

TEST(ClientLists, the_last_word_of_whoever_it_was_counts) {
  ClientLists lists;
  const auto tell = [&](const NodeName& node, std::uint64_t version, std::size_t count) {
    for (const auto& part : parts_of(key, version, clients(count))) lists.add(node, part);
  };
  tell(holder, 7, 3);
  tell(holder, 6, 60);
  EXPECT_EQ(lists.of(key), clients(3)) << "an older one";
  tell(NodeName("node2"), 1, 2);
  EXPECT_EQ(lists.of(key), clients(2)) << "the next holder's";
  tell(NodeName("node2"), 2, 0);
  EXPECT_TRUE(lists.of(key).empty()) << "nobody is a list, too";
}

TEST(ClientLists, another_process_counts_from_the_beginning) {
  ClientLists lists;
  for (const auto& part : parts_of(key, 100, clients(2))) lists.add(holder, part);
  lists.began_anew(holder);
  EXPECT_EQ(lists.of(key), clients(2)) << "nothing else was told yet";
  for (const auto& part : parts_of(key, 1, clients(3))) lists.add(holder, part);
  EXPECT_EQ(lists.of(key), clients(3));
}

TEST(ClientLists, more_than_can_be_told_are_cut_off) {
  ClientLists lists;
  const auto parts = parts_of(key, 1, clients(clients_max + 100));
  EXPECT_EQ(parts.size(), clients_max / clients_part_max);
  for (const auto& part : parts) lists.add(holder, part);
  EXPECT_EQ(lists.of(key), clients(clients_max));
}

TEST(ClientLists, beyond_so_many_keys_nothing_is_kept) {
  ClientLists lists;
  for (std::size_t i = 0; i <= ClientLists::keys_max; ++i)
    lists.add(holder, parts_of(LeaseKey(std::to_string(i)), 1, clients(1)).front());
  EXPECT_EQ(lists.of(LeaseKey("0")), clients(1));
  EXPECT_TRUE(lists.of(LeaseKey(std::to_string(ClientLists::keys_max))).empty());
}

TEST(ClientLists, in_a_datagram_they_are_what_they_were) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    Message message;
    message.to = NodeName("node2");
    message.clients_told = parts_of(family == Family::ipv4 ? key : key6, 3, clients(130, family));
    std::vector<ClientsTold> told;
    for (const auto& bytes : encode(message, plaintext_bytes_min)) {
      const auto decoded = decode(bytes, holder, {1});
      ASSERT_TRUE(decoded);
      told.insert(told.end(), decoded->clients_told.begin(), decoded->clients_told.end());
    }
    EXPECT_EQ(told, message.clients_told);
  }
}

TEST(ClientLists, a_datagram_beyond_its_limits_is_malformed) {
  const auto is_well_formed = [](const ClientsTold& told) {
    Message message;
    message.to = NodeName("node2");
    message.clients_told = {told};
    return decode(encode(message, plaintext_bytes_min).front(), holder, {1}).has_value();
  };
  EXPECT_TRUE(is_well_formed({key, 1, 0, 1, clients(clients_part_max)}));
  EXPECT_TRUE(is_well_formed({key, 1, 0, 0, {}}));
  EXPECT_FALSE(is_well_formed({key, 1, 0, 1, clients(clients_part_max + 1)}));
  EXPECT_FALSE(is_well_formed({key, 1, 0, 1, {}})) << "a part of nobody";
  EXPECT_FALSE(is_well_formed({key, 1, 0, 0, clients(1)})) << "somebody, of none";
  EXPECT_FALSE(is_well_formed({key, 1, 2, 1, clients(1)})) << "beyond its count";
  EXPECT_FALSE(is_well_formed({key, 1, 0, entries_max + 1, clients(1)})) << "of too many";
  EXPECT_FALSE(is_well_formed({LeaseKey(), 1, 0, 1, clients(1)})) << "of no address";
  auto both = clients(1);
  both.push_back(clients(1, Family::ipv6).front());
  EXPECT_FALSE(is_well_formed({key, 1, 0, 1, both})) << "of two families";
}

TEST(ClientLists, members_tell_their_peers_and_only_the_one_that_hears_knows) {
  World world(3, Timing{}, 1);
  for (std::size_t i = 0; i < 3; ++i) world.start(i);
  world.run_for(1s);
  world.cut(0, 2, true);
  const auto list = clients(300);
  world.with(0, [&](Member& member, Instant at) { return member.tell_clients(key, list, at); });
  world.run_for(10ms);
  EXPECT_EQ(world.machines[1].member->clients(key), list);
  EXPECT_TRUE(world.machines[2].member->clients(key).empty());
  EXPECT_TRUE(world.machines[0].member->clients(key).empty()) << "what others told";
  world.cut(0, 2, false);
  world.kill(0);
  world.start(0);
  world.run_for(1s);
  EXPECT_EQ(world.machines[1].member->clients(key), list);
  world.with(0, [&](Member& member, Instant at) { return member.tell_clients(key, {}, at); });
  world.run_for(10ms);
  EXPECT_TRUE(world.machines[1].member->clients(key).empty()) << "its next process's first word";
}

}  // namespace
}  // namespace hapx::membership
