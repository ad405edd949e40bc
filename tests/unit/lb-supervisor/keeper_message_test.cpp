// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/keeper_message.hpp"

#include <random>

#include <gtest/gtest.h>

namespace hapx::lb_supervisor {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::vector<ListenSocket> two_sockets() {
  IpAddress six;
  six.family = Family::ipv6;
  for (std::size_t i = 0; i < 16; ++i) six.bytes[i] = static_cast<std::uint8_t>(i + 1);
  return {{"HAPX_LISTEN_0", {ipv4(192, 168, 4, 20), 6443}}, {"HAPX_LISTEN_1", {six, 65535}}};
}

TEST(KeeperMessage, carries_requests_without_their_config) {
  const auto bytes = encode(KeeperRequest(StartHaproxy{7, "global\n", two_sockets()}));
  const auto decoded = decode_request(bytes);
  ASSERT_TRUE(decoded.has_value());
  const auto* start = std::get_if<StartHaproxy>(&*decoded);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->generation, 7U);
  EXPECT_EQ(start->config, "");
  EXPECT_EQ(start->sockets, two_sockets());

  const auto check = decode_request(encode(KeeperRequest(CheckHaproxyConfig{8, "", {}})));
  ASSERT_TRUE(check.has_value());
  EXPECT_EQ(std::get<CheckHaproxyConfig>(*check).generation, 8U);

  const auto kill = decode_request(encode(KeeperRequest(KillHaproxy{~std::uint64_t{0}})));
  ASSERT_TRUE(kill.has_value());
  EXPECT_EQ(std::get<KillHaproxy>(*kill).generation, ~std::uint64_t{0});

  const auto retire =
      decode_request(encode(KeeperRequest(RetireHaproxy{5, std::chrono::hours(1)})));
  ASSERT_TRUE(retire.has_value());
  EXPECT_EQ(std::get<RetireHaproxy>(*retire).generation, 5U);
  EXPECT_EQ(std::get<RetireHaproxy>(*retire).patience, std::chrono::hours(1));
}

template <class Event>
Event through(const Event& event) {
  const auto decoded = decode_answer(encode(KeeperAnswer(event)));
  EXPECT_TRUE(decoded.has_value());
  return std::get<Event>(*decoded);
}

TEST(KeeperMessage, carries_answers) {
  EXPECT_EQ(through(HaproxyStarted{3, 4711}).pid, 4711);
  EXPECT_EQ(through(HaproxyConfigAccepted{3}).generation, 3U);
  EXPECT_EQ(through(HaproxyConfigRefused{3, "line 1: no"}).reason, "line 1: no");
  EXPECT_EQ(through(HaproxyStartFailed{3, "port taken"}).reason, "port taken");
  EXPECT_EQ(through(HaproxyExited{3, "killed by signal 9"}).how, "killed by signal 9");
  EXPECT_FALSE(through(KeeperConnected{}).running.has_value());
  const auto running = through(KeeperConnected{KeeperConnected::Running{9, 12, "text"}}).running;
  ASSERT_TRUE(running.has_value());
  EXPECT_EQ(running->generation, 9U);
  EXPECT_EQ(running->pid, 12);
  EXPECT_EQ(running->config, "");
  const auto all = through(
      KeeperConnected{KeeperConnected::Running{9, 12, "text", two_sockets()}, {4, 1ULL << 40U}});
  EXPECT_EQ(all.running->sockets, two_sockets());
  EXPECT_EQ(all.draining, (std::vector<std::uint64_t>{4, 1ULL << 40U}));
}

TEST(KeeperMessage, cuts_long_reasons) {
  const auto reason = through(HaproxyExited{1, std::string(100'000, 'x')}).how;
  EXPECT_EQ(reason.size(), reason_bytes_max);
}

TEST(KeeperMessage, has_room_for_all_sockets) {
  std::vector<ListenSocket> sockets(sockets_max, two_sockets()[1]);
  for (auto& socket : sockets) socket.variable.resize(variable_bytes_max, 'X');
  const auto bytes = encode(KeeperRequest(StartHaproxy{1, "", sockets}));
  EXPECT_LE(bytes.size(), message_bytes_max);
  EXPECT_TRUE(decode_request(bytes).has_value());
}

TEST(KeeperMessage, refuses_every_shortened_or_lengthened_message) {
  const auto whole = encode(KeeperRequest(StartHaproxy{7, "", two_sockets()}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_request(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))));
  }
  auto longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(decode_request(longer).has_value());
}

TEST(KeeperMessage, refuses_other_versions_and_kinds) {
  auto bytes = encode(KeeperRequest(KillHaproxy{1}));
  bytes[3] = 1;
  EXPECT_FALSE(decode_request(bytes).has_value());
  bytes = encode(KeeperRequest(KillHaproxy{1}));
  bytes[4] = 99;
  EXPECT_FALSE(decode_request(bytes).has_value());
  EXPECT_FALSE(decode_request(encode(KeeperAnswer(HaproxyStarted{1, 1}))).has_value());
  EXPECT_FALSE(decode_answer(encode(KeeperRequest(KillHaproxy{1}))).has_value());
}

TEST(KeeperMessage, refuses_patience_without_end_and_too_many_that_drain) {
  auto bytes = encode(KeeperRequest(RetireHaproxy{5, std::chrono::hours(1)}));
  bytes[4 + 1 + 8 + 4] = 1;  // 2^32 ms more
  EXPECT_FALSE(decode_request(bytes).has_value());
  bytes = encode(KeeperAnswer(KeeperConnected{}));
  bytes.back() = 17;
  bytes.resize(bytes.size() + std::size_t{17} * 8);
  EXPECT_FALSE(decode_answer(bytes).has_value());
}

TEST(KeeperMessage, refuses_variables_that_could_change_how_programs_behave) {
  const auto whole = encode(KeeperRequest(StartHaproxy{7, "", {two_sockets()[0]}}));
  const std::size_t name_at = 4 + 1 + 8 + 1 + 1;
  ASSERT_EQ(whole[name_at], 'H');
  for (const auto& [offset, byte] : std::vector<std::pair<std::size_t, char>>{
           {0, 'L'}, {5, '='}, {5, '\0'}, {6, 'a'}, {7, '/'}}) {
    auto bytes = whole;
    bytes[name_at + offset] = static_cast<std::uint8_t>(byte);
    EXPECT_FALSE(decode_request(bytes).has_value()) << offset << byte;
  }
}

TEST(KeeperMessage, survives_any_bytes) {
  std::mt19937 random(1);
  const auto whole = encode(KeeperRequest(StartHaproxy{7, "", two_sockets()}));
  for (int round = 0; round < 5000; ++round) {
    auto bytes = whole;
    for (int i = 0; i < 3; ++i)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    bytes.resize(random() % (bytes.size() + 8));
    (void)decode_request(bytes);
    (void)decode_answer(bytes);
  }
  EXPECT_FALSE(decode_request(Bytes(message_bytes_max + 1)).has_value());
}

}  // namespace
}  // namespace hapx::lb_supervisor
