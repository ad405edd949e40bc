// SPDX-License-Identifier: Apache-2.0
#include "config/archive.hpp"

#include <gtest/gtest.h>

#include "config/cluster_config.hpp"
#include "config/cluster_key.hpp"

namespace hapx {
namespace {

using namespace std::chrono_literals;

enum class Colour : std::uint8_t { red, green };

struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};

/// A class that its owner has made; it can't be made from nothing.
class Counter {
 public:
  explicit Counter(int step) : step_(step) {}
  void count() { value_ += step_; }
  friend bool operator==(const Counter&, const Counter&) = default;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(value_);
  }

  int step_;
  int value_ = 0;
};

/// And one that nobody else can make blank.
class Shy {
 public:
  explicit Shy(int value) : value_(value) {}
  friend bool operator==(const Shy&, const Shy&) = default;

 private:
  friend struct hapx::Archived;
  Shy() = default;
  template <class Archive>
  void archive(Archive& kept) {
    kept(value_);
  }

  int value_ = 0;
};

struct Everything {
  bool yes = false;
  std::int8_t small = 0;
  std::int64_t number = 0;
  std::uint64_t large = 0;
  Colour colour = Colour::red;
  std::string text;
  std::string_view for_ever;
  std::vector<std::uint8_t> bytes;
  std::vector<std::string> texts;
  std::deque<unsigned> queue;
  std::set<NodeName> names;
  std::map<NodeName, std::optional<Duration>> lengths;
  std::array<std::optional<int>, 3> places;
  std::pair<int, std::string> pair;
  std::variant<Nothing, int, std::string, std::vector<int>> one_of;
  Duration length{};
  Instant instant{};
  Utc moment{};
  std::bitset<19> bits;
  std::optional<Shy> shy;

  friend bool operator==(const Everything&, const Everything&) = default;
};

Everything everything() {
  Everything all;
  all.yes = true;
  all.small = -3;
  all.number = INT64_MIN;
  all.large = UINT64_MAX;
  all.colour = Colour::green;
  all.text = std::string("a\0b", 3);
  all.for_ever = "for ever";
  all.bytes = {0, 255, 128};
  all.texts = {"", "two"};
  all.queue = {1, 300};
  all.names = {NodeName("n1"), NodeName("a-longer-name")};
  all.lengths = {{NodeName("n1"), -5ms}, {NodeName("n2"), std::nullopt}};
  all.places = {std::nullopt, 7, -1};
  all.pair = {-64, "pair"};
  all.one_of = std::vector<int>{1, -1, 1'000'000};
  all.length = 300ms;
  all.instant = Instant(1h);
  all.moment = Utc(1'795'873'017s);
  all.bits = std::bitset<19>(0b101'0000'0000'0000'0001U);
  all.shy = Shy(5);
  return all;
}

/// Whether these bytes are a whole T.
template <class T>
std::optional<T> read_back(std::span<const std::uint8_t> bytes) {
  T value{};
  ArchiveReader reader(bytes);
  reader(value);
  return reader.is_done() ? std::optional(std::move(value)) : std::nullopt;
}

TEST(Archive, WhatIsWrittenIsReadBack) {
  EXPECT_EQ(read_back<Everything>(archived(everything())), everything());
  EXPECT_EQ(read_back<Everything>(archived(Everything())), Everything());
}

TEST(Archive, NumbersAreShortWhereTheyAreSmall) {
  EXPECT_EQ(archived(std::uint64_t{127}).size(), 1U);
  EXPECT_EQ(archived(std::uint64_t{128}).size(), 2U);
  EXPECT_EQ(archived(-64).size(), 1U);
  EXPECT_EQ(archived(Nothing()).size(), 0U);
  for (const std::int64_t number : {INT64_MIN, INT64_MIN + 1, std::int64_t{-1}, std::int64_t{0},
                                    std::int64_t{1}, INT64_MAX - 1, INT64_MAX}) {
    EXPECT_EQ(read_back<std::int64_t>(archived(number)), number);
  }
}

TEST(Archive, ZerosInARowAreCounted) {
  std::vector<std::uint8_t> slot(1024);
  slot[3] = 7;
  slot.back() = 9;
  for (const std::vector<std::uint8_t>& bytes : {slot,
                                                 std::vector<std::uint8_t>(1024),
                                                 {1, 0, 0},
                                                 {0, 0, 0, 0, 1},
                                                 {1, 0, 0, 0, 0},
                                                 {0},
                                                 {}}) {
    EXPECT_LE(archived(bytes).size(), 12U);
    EXPECT_EQ(read_back<std::vector<std::uint8_t>>(archived(bytes)), bytes);
  }
  using Bytes = std::vector<std::uint8_t>;
  const Bytes large{0x80, 0x80, 0x80, 0x04, 0x80, 0x80, 0x80, 0x04, 0};  // 8 Mi zeros
  EXPECT_EQ(read_back<Bytes>(large), Bytes(8 * 1024 * 1024));
  Bytes three{3};
  for (int i = 0; i < 3; ++i) three.insert(three.end(), large.begin(), large.end());
  EXPECT_FALSE(read_back<std::vector<Bytes>>(three)) << "few bytes are not many";
  EXPECT_FALSE(read_back<Bytes>(Bytes{3, 1, 1, 7})) << "there is no third";
  EXPECT_FALSE(read_back<Bytes>(Bytes{1, 0, 2, 7, 7})) << "there is a second";
  EXPECT_FALSE(read_back<Bytes>(Bytes{1, 0, 0})) << "no end";
}

TEST(Archive, WhatItsOwnerHasMadeIsFilledInPlace) {
  std::vector<Counter> counters{Counter(1), Counter(10)};
  for (Counter& counter : counters) counter.count();
  const auto bytes = archived(counters);
  std::vector<Counter> fresh{Counter(1), Counter(10)};
  ArchiveReader reader(bytes);
  reader(fresh);
  EXPECT_TRUE(reader.is_done());
  EXPECT_EQ(fresh, counters);

  std::vector<Counter> fewer{Counter(1)};
  ArchiveReader again(bytes);
  again(fewer);
  EXPECT_FALSE(again.ok()) << "there is nothing that could make another";
}

TEST(Archive, RandomnessGoesOnWhereItWas) {
  std::mt19937_64 random(42);
  random.discard(1000);
  const auto bytes = archived(random);
  std::mt19937_64 again;
  ArchiveReader reader(bytes);
  reader(again);
  EXPECT_TRUE(reader.is_done());
  EXPECT_EQ(again(), random());
}

TEST(Archive, NothingOfThePartIsTheWhole) {
  const auto whole = archived(everything());
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(read_back<Everything>(std::span(whole).first(length))) << length;
  auto longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(read_back<Everything>(longer));
}

TEST(Archive, NoLengthMakesMoreRoomThanThereAreBytes) {
  // 2^63 elements, and the number of an alternative that there isn't.
  const std::vector<std::uint8_t> many{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1};
  EXPECT_FALSE(read_back<std::string>(many));
  EXPECT_FALSE(read_back<std::vector<std::string>>(many));
  EXPECT_FALSE((read_back<std::map<int, int>>(many)));
  const std::vector<std::uint8_t> endless(11, 0x80);
  EXPECT_FALSE(read_back<std::uint64_t>(endless));
  EXPECT_FALSE((read_back<std::variant<int, bool>>(std::vector<std::uint8_t>{2, 0})));
}

TEST(Archive, AnyBytesAreSomethingOrNothing) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    auto bytes = archived(everything());
    for (int change = 0; change < 3; ++change)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    const auto read = read_back<Everything>(bytes);
    if (read) {
      EXPECT_EQ(read_back<Everything>(archived(*read)), read);
    }
  }
}

TEST(Archive, HasNoKey) {
  ClusterKeys keys;
  for (std::size_t i = 0; i < key_bytes; ++i)
    keys.first[i] = static_cast<std::uint8_t>(200 - i * i);
  keys.second = keys.first;
  keys.second->front() = 1;
  const auto bytes = archived(keys);
  for (const ClusterKey& key : {keys.first, *keys.second}) {
    for (std::size_t at = 0; at + 4 <= key_bytes; ++at) {
      EXPECT_EQ(std::search(bytes.begin(), bytes.end(), key.begin() + at, key.begin() + at + 4),
                bytes.end());
    }
  }
  const ClusterKeys stand_ins{stand_in_of(keys.first), stand_in_of(*keys.second)};
  EXPECT_EQ(read_back<ClusterKeys>(bytes), stand_ins);
  EXPECT_NE(stand_ins.first, *stand_ins.second) << "they differ as the keys do";
  EXPECT_EQ(archived(stand_ins), bytes) << "what stands in for a stand-in is itself";
}

}  // namespace
}  // namespace hapx
