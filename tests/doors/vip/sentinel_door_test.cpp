// SPDX-License-Identifier: Apache-2.0
// What others say of an address on a real segment, and what the door tells of it: every kind of
// claim of either family, and nothing of what is none. Also with the fence closed, on an interface
// that went and came again, and in a flood.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "config/assert.hpp"
#include "config/io/clock.hpp"
#include "segment.hpp"
#include "vip/io/door.hpp"
#include "vip/ndp.hpp"

namespace hapx::vip {
namespace {

using std::chrono::milliseconds;
using namespace test;

const InterfaceName card("v0");
constexpr MacAddress stranger{{0x02, 0, 0, 0, 0x77, 0x01}};
constexpr MacAddress another_stranger{{0x02, 0, 0, 0, 0x77, 0x02}};

/// Claims without end, each from another hardware address. Ends by itself only after a time that
/// no test takes, so that a loop that is stuck is found out, and not waited for.
class Flood {
 public:
  Flood(const Namespace& where, const std::string& interface, const IpAddress& address)
      : address_(address) {
    where.within([&] {
      socket_ = Descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
      HAPX_ASSERT(socket_.is_open());
      to_.sll_family = AF_PACKET;
      to_.sll_protocol = htons(address.family == Family::ipv6 ? ETH_P_IPV6 : ETH_P_ARP);
      to_.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    });
    thread_ = std::thread([this] { run(); });
  }
  ~Flood() { stop(); }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  void stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::size_t sent() const { return sent_; }
  [[nodiscard]] bool flows() const { return flows_; }

  /// False: the segment could not carry it, and it is lost.
  bool say(const WireFrame& frame) const {
    return ::sendto(socket_.number(), frame.data(), frame.size(), MSG_DONTWAIT,
                    reinterpret_cast<const sockaddr*>(&to_), sizeof to_) >= 0;
  }

  [[nodiscard]] static bool is_of_one(const MacAddress& mac) {
    return std::equal(prefix.begin(), prefix.end(), mac.bytes.begin());
  }

 private:
  /// Locally administered; a card whose address the kernel draws has another.
  static constexpr std::array<std::uint8_t, 3> prefix{0x06, 0xf1, 0x0d};

  static MacAddress mac_of(std::uint32_t number) {
    const std::uint32_t spread = number * 2654435761U;
    return {{prefix[0], prefix[1], prefix[2], static_cast<std::uint8_t>(spread >> 16U & 0xffU),
             static_cast<std::uint8_t>(spread >> 8U & 0xffU),
             static_cast<std::uint8_t>(spread & 0xffU)}};
  }

  void run() {
    const Instant end = boot_now() + 6 * patience;
    for (std::uint32_t number = 0; !stopped_ && boot_now() < end; ++number) {
      if (say(announcement_frames(mac_of(number), address_).front())) ++sent_;
    }
    flows_ = false;
  }

  IpAddress address_;
  Descriptor socket_;
  sockaddr_ll to_{};
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> flows_ = true;
  std::atomic<std::size_t> sent_ = 0;
  std::thread thread_;
};

/// Our node with v0, and another card v2 that is somewhere else; a bystander with v1.
class SentinelDoor : public testing::TestWithParam<Family> {
 protected:
  void SetUp() override {
    HAPX_NEEDS_NETWORK_NAMESPACES();
    ours_.emplace();
    others_.emplace();
    if (is_ipv6()) {
      // So that no address has to be waited for.
      const std::string at_once = "sysctl -qw net.ipv6.conf.default.accept_dad=0";
      if (!ours_->runs(at_once)) GTEST_SKIP() << "no IPv6 in this kernel";
      must(*others_, {at_once});
    }
    make_cable();
    must(*ours_, {"ip link add v2 type veth peer name v3"});
    ours_->within([&] {
      auto opened = Door::open(io_, DoorOptions{{VipConfig{cidr_, card}}, std::nullopt},
                               [this](Event event) { hear(std::move(event)); });
      ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
      door_ = std::move(*opened);
    });
    wait_for_carrier();
  }

  void hear(Event event) {
    const auto* claimed = std::get_if<AddressClaimed>(&event);
    if (claimed != nullptr && Flood::is_of_one(claimed->claim.mac)) {
      ++flooded_;
    } else {
      told_.events.push_back(std::move(event));
    }
  }

  void make_cable() {
    must(*ours_,
         {"ip link add v0 type veth peer name v1 netns " + others_->path(), "ip link set v0 up"});
    must(*others_, {"ip link set v1 up"});
    bystander_.emplace(*others_, "v1");
  }

  /// From then on frames pass, both ways.
  void wait_for_carrier() {
    run_until(
        io_,
        [&] {
          const auto links = told_.all<LinkChanged>();
          return !links.empty() && links.back().carrier;
        },
        "the carrier");
    run_until(
        io_,
        [&] { return others_->output("ip -o link show v1").find("state UP") != std::string::npos; },
        "the bystander's carrier");
  }

  void wait_for_link_to_be(bool present) {
    run_until(
        io_,
        [&] {
          const auto links = told_.all<LinkChanged>();
          return !links.empty() && links.back().present == present && !links.back().carrier;
        },
        "what became of the link");
  }

  void wait_for_claims(std::size_t count) {
    run_until(
        io_, [&] { return told_.count<AddressClaimed>() >= count; },
        "claim number " + std::to_string(count));
  }

  /// Says it and waits until that is told: with it everything that was said before.
  void expect_nothing_told_before(const WireFrame& claim) {
    bystander_->send(claim);
    wait_for_claims(1);
    const auto claims = told_.all<AddressClaimed>();
    ASSERT_EQ(claims.size(), 1U);
    EXPECT_EQ(claims[0].frame, claim);
  }

  [[nodiscard]] WireFrame an_announcement() const {
    return announcement_frames(stranger, address_).front();
  }

  /// "It is here", said to us, as if we had asked.
  [[nodiscard]] WireFrame an_answer() const {
    if (is_ipv6()) {
      NdpPacket answer = unsolicited_advertisement(stranger, address_);
      answer.destination = our_mac();
      answer.receiver = another_address_;
      answer.solicited = true;
      return to_frame(answer);
    }
    const ArpFrame frame = to_frame(ArpPacket{stranger, our_mac(), ArpOperation::reply, stranger,
                                              address_, our_mac(), another_address_});
    return {frame.begin(), frame.end()};
  }

  void let_others_have_the_address() {
    must(*others_, {"ip addr add " + to_string(cidr_) + " dev v1" + (is_ipv6() ? " nodad" : "")});
  }

  /// Probes until somebody is heard: the kernel acknowledges an IPv6 address a moment before it
  /// answers for it.
  void expect_the_other_one_to_answer() {
    const Instant end = boot_now() + patience;
    while (told_.count<AddressClaimed>() == 0 && boot_now() < end) {
      door_->probe({card, address_});
      run_for(io_, milliseconds(50));
    }
    const auto claims = told_.all<AddressClaimed>();
    ASSERT_FALSE(claims.empty()) << "nobody has answered";
    EXPECT_EQ(claims[0].interface, card);
    EXPECT_EQ(claims[0].claim.address, address_);
    EXPECT_EQ(claims[0].claim.mac, bystander_->mac());
    // An IPv6 probe comes from nobody, so its answer goes to all.
    EXPECT_EQ(claims[0].claim.kind, is_ipv6() ? ClaimKind::announcement : ClaimKind::answer);
    EXPECT_EQ(told_.count<ProbeFailed>(), 0U);
  }

  [[nodiscard]] bool is_ipv6() const { return GetParam() == Family::ipv6; }
  [[nodiscard]] MacAddress our_mac() const { return told_.all<LinkChanged>().back().mac; }

  const Cidr cidr_ = *parse_cidr(is_ipv6() ? "2001:db8:77::20/64" : "10.77.0.20/24");
  const IpAddress address_ = cidr_.address;
  const IpAddress another_address_ = *parse_ip(is_ipv6() ? "2001:db8:77::21" : "10.77.0.21");
  std::optional<Namespace> ours_;
  std::optional<Namespace> others_;
  std::optional<Bystander> bystander_;
  boost::asio::io_context io_;
  Told told_;
  std::size_t flooded_ = 0;  ///< claims of floods that were told
  std::unique_ptr<Door> door_;
};

std::string family_name(const testing::TestParamInfo<Family>& info) {
  return info.param == Family::ipv6 ? "IPv6" : "IPv4";
}

INSTANTIATE_TEST_SUITE_P(Segment, SentinelDoor, testing::Values(Family::ipv4, Family::ipv6),
                         family_name);

TEST_P(SentinelDoor, each_kind_of_claim_is_told_with_who_said_it_and_the_very_frame) {
  struct Said {
    WireFrame frame;
    ClaimKind kind;
  };
  std::vector<Said> said;
  for (const WireFrame& frame : announcement_frames(stranger, address_))
    said.push_back({frame, ClaimKind::announcement});
  said.push_back({an_answer(), ClaimKind::answer});
  said.push_back({question_frame(stranger, address_, another_address_), ClaimKind::question});
  said.push_back({probe_frame(stranger, address_), ClaimKind::probe});
  for (const Said& one : said) bystander_->send(one.frame);
  wait_for_claims(said.size());
  const auto claims = told_.all<AddressClaimed>();
  ASSERT_EQ(claims.size(), said.size());
  for (std::size_t i = 0; i < said.size(); ++i) {
    const std::string what(to_string(said[i].kind));
    EXPECT_EQ(to_string(claims[i].claim.kind), what);
    EXPECT_EQ(claims[i].interface, card) << what;
    EXPECT_EQ(claims[i].claim.address, address_) << what;
    EXPECT_EQ(claims[i].claim.mac, stranger) << what;
    EXPECT_EQ(claims[i].frame, said[i].frame) << what;
  }
}

TEST_P(SentinelDoor, what_claims_another_address_or_none_is_not_told) {
  for (const WireFrame& frame : announcement_frames(stranger, another_address_))
    bystander_->send(frame);
  bystander_->send(probe_frame(stranger, another_address_));
  // Somebody wants to talk to whoever has the address: he doesn't say that he has it.
  bystander_->send(question_frame(stranger, another_address_, address_));
  WireFrame cut_off = an_announcement();
  cut_off.pop_back();
  bystander_->send(cut_off);
  expect_nothing_told_before(an_announcement());
}

/// It is another segment on the same cable, and may have the same addresses.
TEST_P(SentinelDoor, what_is_said_in_a_vlan_is_not_told) {
  WireFrame tagged = announcement_frames(another_stranger, address_).front();
  const std::vector<std::uint8_t> tag{0x81, 0x00, 0x00, 0x05};
  tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
  bystander_->send(tagged);
  expect_nothing_told_before(an_announcement());
}

/// Two cards of one machine may be on one segment, and hear each other.
TEST_P(SentinelDoor, what_a_card_of_our_own_says_is_not_told) {
  door_->announce({card, address_});
  run_until(
      io_, [&] { return told_.count<AnnouncementSent>() == 1; }, "that it was announced");
  const MacAddress second = Bystander(*ours_, "v2").mac();
  for (const MacAddress& mac : {our_mac(), second}) {
    for (const WireFrame& frame : announcement_frames(mac, address_)) bystander_->send(frame);
    bystander_->send(probe_frame(mac, address_));
  }
  expect_nothing_told_before(an_announcement());
}

TEST_P(SentinelDoor, when_the_file_has_changed_the_new_addresses_count) {
  door_->watch({VipConfig{Cidr{another_address_, cidr_.prefix}, card}});
  bystander_->send(an_announcement());
  expect_nothing_told_before(announcement_frames(stranger, another_address_).front());
}

TEST_P(SentinelDoor, a_probe_arrives_as_built) {
  const WireFrame expected = probe_frame(our_mac(), address_);
  bystander_->drain();
  door_->probe({card, address_});
  const Instant end = boot_now() + patience;
  bool is_heard = false;
  while (!is_heard && boot_now() < end) {
    const auto frame = bystander_->receive(end - boot_now());
    is_heard = frame.has_value() && *frame == expected;
  }
  EXPECT_TRUE(is_heard);
  run_until(
      io_, [&] { return told_.count<ProbeSent>() == 1; }, "that it was sent");
  EXPECT_EQ(told_.all<ProbeSent>()[0].interface, card);
  EXPECT_EQ(told_.all<ProbeSent>()[0].address, address_);
  EXPECT_EQ(told_.count<ProbeFailed>(), 0U);
  EXPECT_EQ(told_.count<AddressClaimed>(), 0U) << "our own probe is no claim of somebody's";
}

TEST_P(SentinelDoor, who_has_the_address_answers_a_probe_and_is_told) {
  let_others_have_the_address();
  expect_the_other_one_to_answer();
}

/// Who asks may not use the address, so nothing of it passes the fence yet.
TEST_P(SentinelDoor, behind_a_closed_fence_the_answer_is_told_too) {
  door_->arm_fence(ArmFence{{address_}});
  run_until(
      io_, [&] { return told_.count<FenceArmed>() + told_.count<FenceUnavailable>() > 0; },
      "the fence");
  if (told_.count<FenceUnavailable>() > 0) {
    GTEST_SKIP() << "no BPF here: " << told_.all<FenceUnavailable>()[0].reason;
  }
  ASSERT_TRUE(door_->deadlines().empty());
  let_others_have_the_address();
  expect_the_other_one_to_answer();
}

TEST_P(SentinelDoor, a_failure_is_told_once_for_each_probe) {
  must(*ours_, {"ip link set v0 down"});
  for (int i = 0; i < 3; ++i) door_->probe({card, address_});
  run_until(
      io_, [&] { return told_.count<ProbeFailed>() == 3; }, "three failures");
  must(*ours_, {"ip link del v0"});
  wait_for_link_to_be(false);
  door_->probe({card, address_});
  run_until(
      io_, [&] { return told_.count<ProbeFailed>() == 4; }, "the fourth");
  const ProbeFailed last = told_.all<ProbeFailed>().back();
  EXPECT_EQ(last.interface, card);
  EXPECT_EQ(last.address, address_);
  EXPECT_EQ(last.error.kind, ErrorKind::absent);
  EXPECT_NE(last.error.sentence.find("interface v0"), std::string::npos) << last.error.sentence;
  EXPECT_EQ(told_.count<ProbeSent>(), 0U);
}

TEST_P(SentinelDoor, an_interface_that_was_down_is_listened_to_again) {
  must(*ours_, {"ip link set v0 down"});
  wait_for_link_to_be(true);
  must(*ours_, {"ip link set v0 up"});
  wait_for_carrier();
  expect_nothing_told_before(an_announcement());
}

TEST_P(SentinelDoor, an_interface_that_is_removed_and_made_again_is_listened_to_again) {
  for (int round = 0; round < 2; ++round) {
    must(*ours_, {"ip link del v0"});
    wait_for_link_to_be(false);
    make_cable();
    wait_for_carrier();
  }
  expect_nothing_told_before(an_announcement());
}

TEST_P(SentinelDoor, a_flood_leaves_the_loop_to_others_and_its_end_is_its_end) {
  Flood flood(*others_, "v1", address_);
  run_until(
      io_, [&] { return flooded_ > 0; }, "the flood");
  Duration longest{0};
  for (int turn = 0; turn < 20; ++turn) {
    auto is_done = std::make_shared<bool>(false);
    const Instant posted = boot_now();
    boost::asio::post(io_, [is_done] { *is_done = true; });
    run_until(
        io_, [&] { return *is_done; }, "a turn of somebody else's");
    longest = std::max(longest, boot_now() - posted);
  }
  run_until(
      io_, [&] { return flood.sent() >= 50'000; }, "50,000 claims");
  EXPECT_TRUE(flood.flows()) << "the turns came only when the flood was over";
  flood.stop();
  RecordProperty("claims_sent", static_cast<int>(flood.sent()));
  RecordProperty("claims_told", static_cast<int>(flooded_));
  RecordProperty("longest_turn_us", static_cast<int>(longest / std::chrono::microseconds(1)));

  // What is left of it in the socket comes first, and while that is full more is lost.
  const Instant end = boot_now() + patience;
  while (told_.count<AddressClaimed>() == 0 && boot_now() < end) {
    flood.say(an_announcement());
    run_for(io_, milliseconds(50));
  }
  ASSERT_GT(told_.count<AddressClaimed>(), 0U) << "nothing is heard after the flood";
  bystander_->send(announcement_frames(another_stranger, address_).front());
  run_until(
      io_, [&] { return told_.all<AddressClaimed>().back().claim.mac == another_stranger; },
      "a single claim");
}

}  // namespace
}  // namespace hapx::vip
