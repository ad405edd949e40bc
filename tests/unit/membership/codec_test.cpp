// SPDX-License-Identifier: Apache-2.0
#include "membership/codec.hpp"

#include <array>

#include <gtest/gtest.h>

#include "membership/plaintext.hpp"
#include "membership/random.hpp"
#include "said_earlier.hpp"

namespace hapx::membership {
namespace {

using namespace std::chrono_literals;

using testing::options_then;
using testing::said_before_claims_named_a_plan;

/// One of everything that any process of node1 may say.
Message rich_message() {
  Message m = said_before_claims_named_a_plan();
  m.record_written.clear();  // in the name of its writer alone
  m.electorate = {3, 0xfedcba9876543210U, 5};
  m.beat->staged = 112;
  m.clients_told = {{m.prepares[0].key, 9, 0, 1, {{ipv4(192, 168, 4, 99), 40001}}},
                    {m.prepares[0].key, 10, 0, 0, {}}};
  m.prepares[0].plan = m.beat->plan;
  m.proposals.push_back(m.proposals[0]);
  m.proposals[1].plan = m.beat->plan;
  m.orders.insert(m.orders.begin() + 1,
                  {8, NodeName("node1"), Move{ServiceName("kube-apiserver"), std::nullopt}});
  return m;
}

std::string reason(const std::variant<Opened, Refused>& result) {
  const auto* refused = std::get_if<Refused>(&result);
  return refused == nullptr ? "opened" : std::string(refused->reason);
}

struct CodecTest : ::testing::Test {
  Codec sender{options_then("node1", 11)};
  Codec receiver{options_then("node2", 22)};
  std::vector<std::uint8_t> datagram = sender.seal(rich_message()).front();
};

TEST_F(CodecTest, what_was_sealed_is_opened_as_it_was) {
  const auto result = receiver.open(datagram);
  ASSERT_EQ(reason(result), "opened");
  const auto& opened = std::get<Opened>(result);
  EXPECT_EQ(opened.message, rich_message());
  EXPECT_EQ(opened.envelope.sender, NodeName("node1"));
  EXPECT_EQ(opened.envelope.incarnation, Incarnation{11});
  EXPECT_EQ(opened.envelope.counter, 1U);
}

TEST_F(CodecTest, what_is_sealed_with_a_stand_in_needs_no_key) {
  auto reader = options_then("node2", 22);
  auto copy = datagram;
  receiver.seal_with_stand_in(copy);
  EXPECT_NE(copy, datagram);
  EXPECT_EQ(reason(receiver.open(copy)), refusal_reason::wrong_key) << "no node takes it";
  reader.keys = {stand_in_of(reader.keys.first)};
  Codec replayed(reader);
  const auto result = replayed.open(copy);
  ASSERT_EQ(reason(result), "opened");
  EXPECT_EQ(std::get<Opened>(result).message, rich_message());
  EXPECT_EQ(std::get<Opened>(result).envelope.counter, 1U);
}

TEST_F(CodecTest, who_seals_once_more_with_the_stand_in_makes_the_same_bytes) {
  auto options = options_then("node1", 11);
  options.keys = {stand_in_of(options.keys.first)};
  Codec again(options);
  again.go_on_behind(sender.counter() - 1);
  const auto same = again.seal(rich_message()).front();
  sender.seal_with_stand_in(datagram);
  EXPECT_EQ(same, datagram);
}

TEST_F(CodecTest, what_does_not_open_is_not_sealed_anew) {
  auto damaged = datagram;
  damaged.back() ^= 1U;
  for (auto each : {damaged, std::vector<std::uint8_t>{}, std::vector<std::uint8_t>{1, 2, 3}}) {
    const auto before = each;
    receiver.seal_with_stand_in(each);
    EXPECT_EQ(each, before);
  }
}

TEST_F(CodecTest, bytes_that_are_no_message_are_sealed_alike) {
  const std::vector<std::uint8_t> said{'h', 'e', 'l', 'l', 'o'};
  const auto sealed = sender.seal_bytes(said);
  const auto result = receiver.open_bytes(sealed);
  ASSERT_TRUE(std::holds_alternative<OpenedBytes>(result));
  EXPECT_EQ(std::get<OpenedBytes>(result).plaintext, said);
  EXPECT_EQ(std::get<OpenedBytes>(result).envelope.sender, NodeName("node1"));
  EXPECT_EQ(reason(receiver.open(sealed)), refusal_reason::malformed);
  EXPECT_TRUE(std::holds_alternative<OpenedBytes>(receiver.open_bytes(datagram)));
  auto altered = sealed;
  altered.back() ^= 1U;
  EXPECT_TRUE(std::holds_alternative<Refused>(receiver.open_bytes(altered)));
}

TEST_F(CodecTest, no_two_datagrams_are_alike) {
  const auto again = sender.seal(rich_message()).front();
  EXPECT_NE(datagram, again);
  EXPECT_EQ(std::get<Opened>(receiver.open(again)).envelope.counter, 2U);
}

TEST_F(CodecTest, a_datagram_cut_anywhere_is_refused) {
  for (std::size_t length = 0; length < datagram.size(); ++length) {
    const std::vector<std::uint8_t> shorter(datagram.begin(),
                                            datagram.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_NE(reason(receiver.open(shorter)), "opened") << length;
  }
}

TEST_F(CodecTest, a_datagram_altered_in_any_bit_is_refused) {
  for (std::size_t at = 0; at < datagram.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::vector<std::uint8_t> altered = datagram;
      altered[at] = static_cast<std::uint8_t>(altered[at] ^ 1U << bit);
      EXPECT_NE(reason(receiver.open(altered)), "opened") << at << "/" << bit;
    }
  EXPECT_EQ(reason(receiver.open(datagram)), "opened");
}

/// LEASE.md, rule 23.
TEST_F(CodecTest, with_two_keys_it_seals_with_the_first_and_opens_with_either) {
  ClusterKey next{};
  next.fill(0x33);
  const ClusterKey before = options_then("node2", 22).keys.first;
  const auto codec_with = [&](const char* name, std::uint64_t incarnation, ClusterKeys keys) {
    Codec::Options mine = options_then(name, incarnation);
    mine.keys = keys;
    return Codec(mine);
  };
  const std::array<ClusterKeys, 4> steps{
      {{before}, {before, next}, {next, before}, {next}}};  // of a rotation
  constexpr std::array<std::array<bool, 4>, 4> readable{{{true, true, true, false},
                                                         {true, true, true, false},
                                                         {false, true, true, true},
                                                         {false, true, true, true}}};
  for (std::size_t from = 0; from < steps.size(); ++from) {
    for (std::size_t to = 0; to < steps.size(); ++to) {
      Codec sealing = codec_with("node1", 100 + from, steps[from]);
      Codec opening = codec_with("node2", 200 + to, steps[to]);
      for (int again = 0; again < 2; ++again) {
        EXPECT_EQ(reason(opening.open(sealing.seal(rich_message()).front())),
                  readable[from][to] ? "opened" : "wrong key")
            << from << " to " << to;
      }
    }
  }
}

TEST_F(CodecTest, each_refusal_has_its_name) {
  Codec::Options other_key = options_then("node2", 22);
  other_key.keys.first[31] ^= 1U;
  EXPECT_EQ(reason(Codec(other_key).open(datagram)), "wrong key");
  Codec::Options other_cluster = options_then("node2", 22);
  other_cluster.cluster = ClusterName("kube-other");
  EXPECT_EQ(reason(Codec(other_cluster).open(datagram)), "another cluster");
  EXPECT_EQ(reason(receiver.open(std::vector<std::uint8_t>{})), "not ours");
  EXPECT_EQ(reason(receiver.open(std::vector<std::uint8_t>(100, 'x'))), "not ours");
  EXPECT_EQ(reason(receiver.open(std::vector<std::uint8_t>(1401, 'x'))), "too long");
  std::vector<std::uint8_t> newer = datagram;
  newer[4] = 2;
  EXPECT_EQ(reason(receiver.open(newer)), "unknown version");
  std::vector<std::uint8_t> bent = datagram;
  bent.back() ^= 1U;
  EXPECT_EQ(reason(receiver.open(bent)), "wrong key");
  const std::vector<std::uint8_t> cut(datagram.begin(), datagram.begin() + 30);
  EXPECT_EQ(reason(receiver.open(cut)), "malformed");
}

TEST_F(CodecTest, the_key_of_one_process_opens_nothing_of_another) {
  // The same counter and plaintext under another incarnation: nothing repeats but the format.
  Codec next_process(options_then("node1", 12));
  const auto other = next_process.seal(rich_message()).front();
  ASSERT_EQ(other.size(), datagram.size());
  std::size_t equal = 0;
  for (std::size_t i = 51; i < other.size(); ++i)
    if (other[i] == datagram[i]) ++equal;
  EXPECT_LT(equal, other.size() / 8);
  EXPECT_EQ(reason(receiver.open(other)), "opened");
}

TEST_F(CodecTest, a_message_too_long_for_one_datagram_takes_several) {
  Message long_one;
  long_one.to = NodeName("node2");
  for (int i = 0; i < 64; ++i) {
    long_one.proposals.push_back(
        {LeaseKey("2001:db8:0000:0000:0000:0000:0000:" + std::to_string(1000 + i)),
         {1'000'000, NodeName("node1"), {11}},
         1'000'000'000,
         300ms,
         true});
    Assignment assignment{ServiceName(std::string(63, 's')), NodeName(std::string(63, 'v')),
                          NodeName(std::string(63, 'h')), true, std::string(200, 'r')};
    long_one.plan_parts.push_back({{{1, NodeName(std::string(63, 'c')), {1}}, 2},
                                   static_cast<std::uint32_t>(i),
                                   64,
                                   assignment});
  }
  Message together;
  together.to = long_one.to;
  const auto datagrams = sender.seal(long_one);
  EXPECT_GT(datagrams.size(), 10U);
  for (const auto& bytes : datagrams) {
    EXPECT_LE(bytes.size(), datagram_bytes_max);
    const auto result = receiver.open(bytes);
    ASSERT_EQ(reason(result), "opened");
    const Message& part = std::get<Opened>(result).message;
    together.proposals.insert(together.proposals.end(), part.proposals.begin(),
                              part.proposals.end());
    together.plan_parts.insert(together.plan_parts.end(), part.plan_parts.begin(),
                               part.plan_parts.end());
  }
  EXPECT_EQ(together, long_one);
}

TEST_F(CodecTest, an_empty_message_takes_no_datagram) {
  Message nothing;
  nothing.to = NodeName("node2");
  EXPECT_TRUE(sender.seal(nothing).empty());
}

TEST(Plaintext, over_long_words_are_cut_at_a_character) {
  Message m;
  m.to = NodeName("node2");
  std::string reason_text(199, 'x');
  reason_text += "\xc3\xa9 and more";  // the 200th byte would be half of an e with an accent
  m.plan_parts = {{{{1, NodeName("n"), {1}}, 1},
                   0,
                   1,
                   Assignment{ServiceName("s"), std::nullopt, std::nullopt, false, reason_text}}};
  const auto decoded = decode(encode(m, 1200).front(), NodeName("node1"), {1});
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->plan_parts.front().assignment->reason, std::string(199, 'x'));
}

TEST(Plaintext, unknown_fields_are_ignored_so_that_the_format_can_grow) {
  const Message m = rich_message();
  std::vector<std::uint8_t> bytes = encode(m, 1300).front();
  // Field 900, a text, and field 901, a number, as a later version might add them.
  for (const int byte : std::initializer_list<int>{0xA2, 0x38, 3, 'n', 'e', 'w', 0xA8, 0x38, 42})
    bytes.push_back(static_cast<std::uint8_t>(byte));
  EXPECT_EQ(decode(bytes, NodeName("node1"), {11}), m);
}

/// Whoever holds the key may still be broken, or newer: the plaintext is bytes from outside, too.
TEST(Plaintext, decoding_is_total) {
  const std::vector<std::uint8_t> good = encode(rich_message(), 1300).front();
  Random random(5);
  int decoded = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::vector<std::uint8_t> altered = good;
    for (std::uint64_t n = random.next() % 6; n > 0; --n)
      altered[random.next() % altered.size()] = static_cast<std::uint8_t>(random.next());
    if (random.next() % 3 == 0) altered.resize(random.next() % altered.size());
    if (const auto message = decode(altered, NodeName("node1"), {11})) {
      ++decoded;
      for (const Proposal& proposal : message->proposals) {
        EXPECT_LE(proposal.key.text().size(), 46U);
        EXPECT_GE(proposal.lease.count(), 0);
      }
    }
  }
  EXPECT_GT(decoded, 0);
}

TEST(Plaintext, a_vote_of_a_kind_that_is_not_known_is_no_yes) {
  Message m;
  m.to = NodeName("node2");
  m.proposal_answers = {
      {LeaseKey("k"), {1, NodeName("node2"), {1}}, 1, Vote::abstains, {}, {}, {}}};
  std::vector<std::uint8_t> bytes = encode(m, 1200).front();
  int altered = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] != 0x28 || bytes[i + 1] != 2) continue;  // field 5, the vote
    bytes[i + 1] = 7;
    ++altered;
  }
  ASSERT_EQ(altered, 1);
  const auto decoded = decode(bytes, NodeName("node1"), {1});
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->proposal_answers.front().vote, Vote::no);
}

TEST(Codec, opening_is_total) {
  Codec receiver(options_then("node2", 22));
  Codec sender(options_then("node1", 11));
  const std::vector<std::uint8_t> good = sender.seal(rich_message()).front();
  Random random(6);
  for (int i = 0; i < 5'000; ++i) {
    std::vector<std::uint8_t> altered = good;
    for (std::uint64_t n = 1 + random.next() % 6; n > 0; --n)
      altered[random.next() % (i % 2 == 0 ? 60 : altered.size())] ^=
          static_cast<std::uint8_t>(1 + random.next() % 255);
    if (random.next() % 3 == 0) altered.resize(random.next() % (altered.size() + 100));
    if (altered == good) continue;
    EXPECT_NE(reason(receiver.open(altered)), "opened");
  }
}

}  // namespace
}  // namespace hapx::membership
