// SPDX-License-Identifier: Apache-2.0
// Several members, of which some hang, are gone, or are no etcd.
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "appliance/io/etcd_door.hpp"
#include "etcd_bench.hpp"
#include "etcd_cluster.hpp"

namespace hapx::appliance {
namespace {

using namespace test;
using hapx::test::Authority;
using hapx::test::EtcdCluster;
using hapx::test::EtcdMember;
using hapx::test::write_whole;
using std::chrono::milliseconds;

class EtcdTroubleTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!hapx::test::has_etcd()) GTEST_SKIP() << "needs etcd (etcd-server)";
  }
  void begin(std::size_t count) {
    std::vector<EtcdMember> members;
    for (std::uint8_t i = 1; i <= count; ++i) members.push_back({ipv4(127, 0, 79, i)});
    etcd_.emplace(members);
    ASSERT_EQ(etcd_->obstacle(), "");
  }

  std::optional<EtcdCluster> etcd_;
};

TEST_F(EtcdTroubleTest, beside_a_member_that_hangs_another_answers) {
  begin(1);
  const Impostor impostor(Impostor::hang);
  auto config = etcd_->client();
  config.endpoints.insert(config.endpoints.begin(), impostor.endpoint());
  Asker node(config);
  EXPECT_TRUE(node.ask({{"a", 0, bytes("1")}}).swapped);
  RecordProperty("microseconds_past_who_hangs", static_cast<int>(node.microseconds()));
  EXPECT_TRUE(node.ask().swapped);
  RecordProperty("microseconds_of_the_next", static_cast<int>(node.microseconds()));
}

TEST_F(EtcdTroubleTest, a_member_that_hangs_alone_gives_no_answer) {
  begin(1);
  const Impostor impostor(Impostor::hang);
  auto config = etcd_->client();
  config.endpoints = {impostor.endpoint()};
  Asker node(config);
  for (int i = 0; i < 3; ++i) {
    const auto sentence = node.ask_in_vain(milliseconds(500));
    EXPECT_TRUE(has(sentence, to_string(impostor.endpoint()) + ": no TLS handshake within "))
        << sentence;
    EXPECT_GE(node.took(), milliseconds(400));
    EXPECT_LT(node.took(), milliseconds(500) + std::chrono::seconds(5));
  }
  RecordProperty("microseconds_of_500_ms", static_cast<int>(node.microseconds()));
}

/// Says what it is told instead of etcd's answer, and what we make of that.
std::string reason_of(EtcdCluster& etcd, const std::string& words) {
  const auto shown =
      etcd.authority().issue({.name = "impostor", .addresses = {ipv4(127, 0, 0, 1)}});
  const Impostor impostor(Impostor::saying(shown, words));
  auto config = etcd.client();
  config.endpoints = {impostor.endpoint()};
  const std::string start = "etcd gives no answer: " + to_string(impostor.endpoint()) + ": ";
  const std::string sentence = Asker(config).ask_in_vain();
  EXPECT_TRUE(sentence.starts_with(start)) << sentence;
  return sentence.substr(std::min(start.size(), sentence.size()));
}

TEST_F(EtcdTroubleTest, what_is_no_answer_is_told) {
  begin(1);
  const auto answered = [&](const std::string& head, const std::string& body) {
    return reason_of(*etcd_, "HTTP/1.1 " + head + "\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  EXPECT_TRUE(has(reason_of(*etcd_, "220 mail.example.org ESMTP\r\n"), "is not HTTP"));
  EXPECT_EQ(reason_of(*etcd_, ""),
            "it ends the connection; does it accept " + etcd_->client().cert_file + "?");
  EXPECT_EQ(reason_of(*etcd_, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"header\":"),
            "it ends the connection; does it accept " + etcd_->client().cert_file + "?");
  EXPECT_EQ(reason_of(*etcd_, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
            "its answer is longer than 262144 bytes");
  EXPECT_EQ(reason_of(*etcd_, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n" +
                                  std::string(300'000, ' ')),
            "its answer is longer than 262144 bytes");
  EXPECT_TRUE(has(reason_of(*etcd_, "HTTP/1.1 200 OK\r\nA: " + std::string(20'000, 'x')),
                  "is not HTTP: header limit exceeded"));
  EXPECT_EQ(answered("500 Internal Server Error", "broken"),
            "it answers with HTTP status 500; is this etcd?");
  EXPECT_EQ(answered("503 Service Unavailable", R"({"error":"etcdserver: no leader","code":14})"),
            "etcd says: etcdserver: no leader");
  EXPECT_EQ(answered("200 OK", "{}"),
            "etcd's answer can't be read: it does not say which store it is of");
}

TEST_F(EtcdTroubleTest, somebody_without_tls_is_told) {
  begin(1);
  const Impostor impostor([](int guest) {
    const std::string words = "HTTP/1.1 400 Bad Request\r\n\r\n";
    (void)::send(guest, words.data(), words.size(), MSG_NOSIGNAL);
    Impostor::hang(guest);
  });
  auto config = etcd_->client();
  config.endpoints = {impostor.endpoint()};
  const auto sentence = Asker(config).ask_in_vain();
  EXPECT_TRUE(has(sentence, "TLS fails: wrong version number")) << sentence;
}

TEST_F(EtcdTroubleTest, every_member_that_was_asked_is_named) {
  begin(1);
  auto config = etcd_->client();
  const Impostor hanging(Impostor::hang);
  config.endpoints = {{ipv4(127, 0, 79, 9), 1}, hanging.endpoint(), {ipv4(127, 0, 79, 8), 1}};
  const auto sentence = Asker(config).ask_in_vain(milliseconds(1000));
  EXPECT_TRUE(has(sentence, "127.0.79.9:1: connection refused; ")) << sentence;
  EXPECT_TRUE(has(sentence, to_string(hanging.endpoint()) + ": no TLS handshake within "))
      << sentence;
  EXPECT_TRUE(has(sentence, "; 127.0.79.8:1: connection refused")) << sentence;
}

TEST_F(EtcdTroubleTest, one_of_three_may_freeze) {
  begin(3);
  Asker node(etcd_->client());
  std::int64_t revision = node.ask({{"a", 0, bytes("0")}}).revision;
  for (std::size_t member = 0; member < 3; ++member) {
    etcd_->freeze(member);
    // The leader may be among them: then the others elect one first.
    const auto answer = node.insist(milliseconds(500));
    RecordProperty("microseconds_past_member_" + std::to_string(member),
                   static_cast<int>(node.microseconds()));
    EXPECT_GE(answer.revision, revision);
    revision = answer.revision;
    etcd_->thaw(member);
  }
}

TEST_F(EtcdTroubleTest, without_a_majority_there_is_no_answer_until_it_is_back) {
  begin(3);
  Asker node(etcd_->client());
  const auto before = node.ask({{"a", 0, bytes("1")}});
  etcd_->freeze(1);
  etcd_->freeze(2);
  const auto sentence = node.ask_in_vain(milliseconds(1000));
  EXPECT_TRUE(has(sentence, "127.0.79.1:12379: ")) << sentence;
  EXPECT_TRUE(has(sentence, "127.0.79.2:12379: no ")) << sentence;
  EXPECT_TRUE(has(sentence, "127.0.79.3:12379: no ")) << sentence;
  RecordProperty("sentence", sentence);
  RecordProperty("microseconds_of_1000_ms", static_cast<int>(node.microseconds()));
  etcd_->thaw(1);
  etcd_->thaw(2);
  const auto after = node.insist(milliseconds(400));
  EXPECT_EQ(after.entries, before.entries);
  EXPECT_EQ(after.store, before.store);
}

/// Asked of two at once, a swap may be carried out twice: the second time it writes nothing.
TEST_F(EtcdTroubleTest, a_swap_that_two_members_got_is_made_once) {
  begin(3);
  Asker node(etcd_->client());
  const auto first = node.ask({{"a", 0, bytes("begin")}});
  auto last = first;
  for (int round = 1; round <= 12; ++round) {
    const std::size_t member = static_cast<std::size_t>(round) % 3;
    etcd_->freeze(member);
    node.begin({{"a", last.entries.at(0).revision, bytes("on")}}, milliseconds(500));
    node.run_for(milliseconds(100));
    etcd_->thaw(member);
    (void)node.wait();
    last = node.insist(milliseconds(500));
    ASSERT_EQ(last.entries.size(), 1U);
    EXPECT_LE(last.revision, first.revision + round) << "each write is a revision";
  }
  RecordProperty("written_of_12", static_cast<int>(last.revision - first.revision));
}

}  // namespace
}  // namespace hapx::appliance
