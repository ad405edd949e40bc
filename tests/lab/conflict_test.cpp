// SPDX-License-Identifier: Apache-2.0
// A host that is none of ours has the address on a real segment, or says that it has: before the
// cluster comes to it, and while it is held, where that is to be defended and where it is to be
// yielded. And who asks nobody: hapxd's next process, and whoever takes over from a lost node.
#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "appliance/drill/statistics.hpp"
#include "appliance/lab/io/cable.hpp"
#include "ground.hpp"
#include "vip/claim.hpp"

namespace hapx::appliance::lab {
namespace {

/// Of a virtual machine that somebody has given our address to.
constexpr MacAddress foreign_mac{{0x52, 0x54, 0x00, 0x0f, 0x0e, 0x01}};

/// What the journal says when the segment is asked.
const std::string question = "asking whether anybody else has ";

/// A claim as it was heard.
struct Heard {
  Instant at;
  vip::Claim claim;
};

/// On a machine's card, past its kernel: says what it likes, and hears what the others say.
class Bystander {
 public:
  explicit Bystander(const std::string& netns) {
    const auto opened = within(netns, [this] { return open(); });
    EXPECT_TRUE(opened) << opened.error().sentence;
  }

  void say(const vip::WireFrame& frame) const {
    EXPECT_EQ(::send(socket_.number(), frame.data(), frame.size(), 0),
              static_cast<ssize_t>(frame.size()));
  }

  /// The next claim of the address; nothing if none comes until `end`.
  [[nodiscard]] std::optional<Heard> next(const IpAddress& address, Instant end) const {
    while (boot_now() < end) {
      std::array<std::uint8_t, 256> frame{};
      sockaddr_ll from{};
      socklen_t length = sizeof from;
      const ssize_t got = ::recvfrom(socket_.number(), frame.data(), frame.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &length);
      const Instant now = boot_now();
      if (got < 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now).count();
        pollfd waiting{socket_.number(), POLLIN, 0};
        ::poll(&waiting, 1, static_cast<int>(std::max<long long>(left, 0)));
      } else if (from.sll_pkttype != PACKET_OUTGOING) {
        const auto claim = vip::parse_claim(std::span(frame).first(static_cast<std::size_t>(got)));
        if (claim && claim->address == address) return Heard{now, *claim};
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] const MacAddress& mac() const { return mac_; }

 private:
  Result<void> open() {
    ifreq request{};
    inner_interface.copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
    sockaddr_ll card{};
    card.sll_family = AF_PACKET;
    card.sll_protocol = htons(ETH_P_ALL);
    card.sll_ifindex = static_cast<int>(::if_nametoindex(std::string(inner_interface).c_str()));
    socket_ = Descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::bind(socket_.number(), reinterpret_cast<const sockaddr*>(&card), sizeof card) != 0 ||
        ::ioctl(socket_.number(), SIOCGIFHWADDR, &request) != 0) {
      return system_error(errno, "a bystander");
    }
    std::copy_n(static_cast<const char*>(request.ifr_hwaddr.sa_data), mac_.bytes.size(),
                mac_.bytes.begin());
    return {};
  }

  Descriptor socket_;
  MacAddress mac_;
};

class Contested : public Ground {
 protected:
  [[nodiscard]] const IpAddress& address() const { return plan().vip.address; }

  /// The machine of the stand-ins gets the address, too, and answers for it.
  void take_address() const { change_address("add"); }
  void give_address_back() const { change_address("del"); }

  [[nodiscard]] bool nobody_of_ours_has_it() const {
    return std::ranges::none_of(plan().nodes, [&](const NodePlan& each) {
      const std::string card(inner_interface);
      const std::string seen = output_in(each.netns, {"ip", "-o", "addr", "show", "dev", card});
      return seen.find(" " + to_string(address()) + "/") != std::string::npos;
    });
  }

  /// The node's own view of its address; nothing while it says nothing.
  [[nodiscard]] std::optional<VipStatus> vip_of(unsigned number) const {
    const Status now = status(number);
    if (now.services.empty() || now.services[0].vips.empty()) return std::nullopt;
    return now.services[0].vips[0];
  }

  /// Who is asking, and is answered by `mac`; 0 after a failure.
  [[nodiscard]] unsigned who_comes_to_wait_for(const MacAddress& mac) const {
    const std::string words = to_string(address()) + " is at " + to_string(mac);
    unsigned asker = 0;
    comes("a node whose status says \"" + words + "\"", [&] {
      for (const unsigned number : {1U, 2U, 3U}) {
        if (asker == 0 && says(status(number), words)) asker = number;
      }
      return asker != 0;
    });
    return asker;
  }

  /// It asks once a second while it is answered, and does so as many times more. (Once there is an
  /// onlooker the bridge carries each answer to him everywhere, and it hears those, too.)
  void comes_to_hear_again(unsigned number, std::uint64_t times) const {
    const std::uint64_t before = vip_of(number).value_or(VipStatus{}).claims;
    comes("more claims, heard by " + node(number).name.text(), [&] {
      const auto now = vip_of(number);
      return now && now->claims >= before + times;
    });
  }

  [[nodiscard]] std::size_t questions_of(unsigned number) const {
    const auto log = read_file(node(number).log_file);
    std::size_t count = 0;
    for (std::size_t at = 0; log && (at = log->find(question, at)) != std::string::npos; ++at)
      ++count;
    return count;
  }

 private:
  void change_address(const std::string& how) const {
    std::vector<std::string> words{"ip", "addr", how, to_string(plan().vip), "dev"};
    words.emplace_back(inner_interface);
    if (address().family == Family::ipv6) words.emplace_back("nodad");
    do_in(plan().apiserver_netns, words);
  }
};

class ForeignHost : public Contested, public testing::WithParamInterface<Family> {
 protected:
  void SetUp() override {
    if (!kernel_has(GetParam())) GTEST_SKIP() << "this kernel has no IPv6";
    Ground::SetUp();
  }

  void begin() { build(Wishes{.family = GetParam()}); }

  static void expect_tenures(const drill::Wire& wire, const std::vector<MacAddress>& macs) {
    ASSERT_EQ(wire.tenures.size(), macs.size());
    for (std::size_t i = 0; i < macs.size(); ++i)
      EXPECT_EQ(to_string(wire.tenures[i].mac), to_string(macs[i]));
  }

  [[nodiscard]] std::vector<vip::WireFrame> foreign_frames() const {
    return vip::announcement_frames(foreign_mac, address());
  }

  /// Somebody says that the address is at his card. The holder says so, too, and clients believe
  /// it.
  void expect_answered(unsigned server) {
    const Bystander speaker(plan().apiserver_netns);
    const Bystander listener(plan().client_netns);
    const Instant said = boot_now();
    for (const vip::WireFrame& frame : foreign_frames()) speaker.say(frame);
    bool is_foreign_heard = false;
    std::optional<Instant> answered;
    while (!answered && boot_now() < said + patience) {
      const auto heard = listener.next(address(), said + patience);
      if (!heard || heard->claim.kind != vip::ClaimKind::announcement) continue;
      if (heard->claim.mac == foreign_mac) is_foreign_heard = true;
      if (heard->claim.mac == node(server).mac && is_foreign_heard) answered = heard->at;
    }
    ASSERT_TRUE(is_foreign_heard) << "the client has not heard the foreign host";
    ASSERT_TRUE(answered.has_value()) << "the holder has not announced it again";
    const Duration took = *answered - said;
    std::cout << "announced again after " << drill::readable(took) << "\n";
    RecordProperty("announced_again_after_us", std::to_string(took / std::chrono::microseconds(1)));
    comes("the client's neighbour is the holder", [&] {
      const std::string seen = output_in(
          plan().client_netns,
          {"ip", "neigh", "show", to_string(address()), "dev", std::string(inner_interface)});
      return seen.find(to_string(node(server).mac)) != std::string::npos;
    });
    EXPECT_TRUE(a_client_is_served(plan()));
  }

  /// As `hapx status` shows the bytes of a frame.
  [[nodiscard]] static std::string as_text(const vip::WireFrame& frame) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : frame) {
      if (!text.empty()) text += ' ';
      text += digits[byte / 16];
      text += digits[byte % 16];
    }
    return text;
  }

  void expect_shown(unsigned server) {
    const std::string mac = to_string(foreign_mac);
    comes_to_say(server,
                 mac + " claims " + to_string(address()) + ", too; see `hapx get conflicts`");
    const auto table = lab_->ask(node(server), {"get", "conflicts"});
    ASSERT_TRUE(table) << table.error().sentence;
    EXPECT_EQ(table->code, 0) << table->errors;
    for (const std::string& words :
         std::vector<std::string>{"VENDOR", "QEMU or KVM", "announcement", mac,
                                  to_string(address()), plan().service.text()}) {
      EXPECT_NE(table->output.find(words), std::string::npos) << words << "\n" << table->output;
    }
    const auto document = lab_->ask(node(server), {"get", "conflicts", "-o", "json"});
    ASSERT_TRUE(document) << document.error().sentence;
    EXPECT_EQ(document->code, 0) << document->errors;
    EXPECT_NE(document->output.find("\"frames\""), std::string::npos) << document->output;
    EXPECT_NE(document->output.find('"' + mac + '"'), std::string::npos) << document->output;
    for (const vip::WireFrame& frame : foreign_frames()) {
      EXPECT_NE(document->output.find('"' + as_text(frame) + '"'), std::string::npos)
          << document->output;
    }
    const auto shown = vip_of(server);
    ASSERT_TRUE(shown.has_value());
    const auto rival = std::ranges::find(shown->rivals, mac, &RivalStatus::mac);
    ASSERT_NE(rival, shown->rivals.end());
    EXPECT_EQ(rival->claims, foreign_frames().size());
  }

  void expect_written(unsigned server) {
    const std::string path = file("conflict.pcap");
    const std::vector<std::string> words{"get", "conflicts", "--pcap", path};
    const auto written = lab_->ask(node(server), words);
    ASSERT_TRUE(written) << written.error().sentence;
    EXPECT_EQ(written->code, 0) << written->errors;
    const auto capture = read_file(path);
    ASSERT_TRUE(capture) << capture.error().sentence;
    EXPECT_TRUE(capture->starts_with("\xd4\xc3\xb2\xa1")) << "the magic number of pcap";
    for (const vip::WireFrame& frame : foreign_frames()) {
      EXPECT_NE(capture->find(std::string(frame.begin(), frame.end())), std::string::npos);
    }
    const auto again = lab_->ask(node(server), words);
    ASSERT_TRUE(again) << again.error().sentence;
    EXPECT_EQ(again->code, 1) << "it is a refusal, and hapxd has answered";
    EXPECT_NE(again->errors.find("exists already"), std::string::npos) << again->errors;
    EXPECT_EQ(read_file(path).value(), *capture);
  }

  void expect_never_given_up(unsigned server, const Onlooker& onlooker) const {
    EXPECT_TRUE(serves(status(server)));
    const auto shown = vip_of(server);
    ASSERT_TRUE(shown.has_value());
    EXPECT_TRUE(shown->assigned);
    EXPECT_EQ(shown->taken_away, 0U);
    EXPECT_FALSE(log_has(server, to_string(address()) + " is gone from here"));
    for (const drill::Tenure& tenure : onlooker.wire().tenures) {
      EXPECT_TRUE(tenure.mac == foreign_mac || tenure.mac == node(server).mac)
          << to_string(tenure.mac);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Lab, ForeignHost, testing::Values(Family::ipv4, Family::ipv6),
                         family_name);

TEST_P(ForeignHost, IsWaitedForByAClusterThatStarts) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const MacAddress foreigner = Bystander(plan().apiserver_netns).mac();
  take_address();
  start_all();
  const unsigned asker = who_comes_to_wait_for(foreigner);
  ASSERT_NE(asker, 0U);
  comes_to_hear_again(asker, 4);
  EXPECT_TRUE(nobody_of_ours_has_it());
  const Status waiting = status(asker);
  EXPECT_EQ(appliance::health(waiting), appliance::Health::no_service);
  EXPECT_TRUE(says(waiting, "is not served: " + to_string(address()) + " is at "));

  const Onlooker onlooker = look_on();
  expect_tenures(onlooker.wire(), {foreigner});
  give_address_back();
  const unsigned server = who_comes_to_serve({1, 2, 3});
  ASSERT_NE(server, 0U);
  EXPECT_TRUE(a_client_is_served(plan()));
  comes("an answer of " + node(server).name.text(), [&] {
    const auto last = onlooker.watcher.last();
    return last && last->mac == node(server).mac;
  });
  const drill::Wire wire = onlooker.wire();
  EXPECT_TRUE(wire.is_one_holder()) << wire.conflict_count << " times two holders";
  expect_tenures(wire, {foreigner, node(server).mac});
}

TEST_P(ForeignHost, ThatClaimsWhatIsHeldIsAnsweredShownAndNotYieldedTo) {
  ASSERT_NO_FATAL_FAILURE(begin());
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  ASSERT_TRUE(a_client_is_served(plan())) << "the client knows the holder from now on";
  const Onlooker onlooker = look_on();
  // Of the first moments nothing is believed: the last holder may have said it.
  comes("the announcements of the beginning", [&] {
    const auto now = vip_of(server);
    return now && now->announcements >= 4;
  });
  ASSERT_NO_FATAL_FAILURE(expect_answered(server));
  EXPECT_TRUE(log_has(server, to_string(foreign_mac) + " claims " + to_string(address()) +
                                  ", too; announcing it again"));
  expect_shown(server);
  expect_written(server);
  expect_never_given_up(server, onlooker);
}

TEST_P(ForeignHost, IsYieldedToWhereThatIsWanted) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const std::string card(inner_interface);
  const std::string config = config_with("yield.yaml", "interface: " + card + "}]",
                                         "interface: " + card + ", onConflict: yield}]");
  start_all({.config_file = config});
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  const Bystander foreigner(plan().apiserver_netns);
  take_address();
  for (const vip::WireFrame& frame : vip::announcement_frames(foreigner.mac(), address()))
    foreigner.say(frame);
  comes("the end of it on " + node(server).name.text(),
        [&] { return log_has(server, "giving it up until nobody else has it"); });
  comes("nobody of ours has it", [&] { return nobody_of_ours_has_it(); });
  const unsigned asker = who_comes_to_wait_for(foreigner.mac());
  ASSERT_NE(asker, 0U);
  comes_to_hear_again(asker, 4);
  EXPECT_TRUE(nobody_of_ours_has_it());

  const Onlooker onlooker = look_on();
  expect_tenures(onlooker.wire(), {foreigner.mac()});
  give_address_back();
  const unsigned next = who_comes_to_serve({1, 2, 3});
  ASSERT_NE(next, 0U);
  EXPECT_TRUE(a_client_is_served(plan()));
  const drill::Wire wire = onlooker.wire();
  EXPECT_TRUE(wire.is_one_holder()) << wire.conflict_count << " times two holders";
}

using HeldByOurs = Contested;

/// With a long lease, so that a busy machine has the next process in time.
TEST_F(HeldByOurs, IsNotAskedAboutByTheNextProcess) {
  ASSERT_NO_FATAL_FAILURE(build("cloud"));
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  EXPECT_GT(questions_of(1) + questions_of(2) + questions_of(3), 0U) << "at the first start";
  const std::size_t before = questions_of(server);
  const Duration age = status(server).uptime;
  signal_all(server, {daemon_name}, SIGKILL);
  comes("the next hapxd serves", [&] {
    const Status now = status(server);
    return serves(now) && now.uptime < age;
  });
  EXPECT_TRUE(log_has(server, "adopted " + to_string(address())));
  EXPECT_EQ(questions_of(server), before);
  const auto events = lab_->ask(node(server), {"events", "-o", "json"});
  ASSERT_TRUE(events) << events.error().sentence;
  EXPECT_EQ(events->code, 0) << events->errors;
  EXPECT_NE(events->output.find("adopted "), std::string::npos) << events->output;
  EXPECT_EQ(events->output.find(question), std::string::npos) << events->output;
}

TEST_F(HeldByOurs, IsNotAskedAboutByWhoTakesOver) {
  ASSERT_NO_FATAL_FAILURE(build());
  start_all();
  const unsigned server = settled();
  ASSERT_NE(server, 0U);
  EXPECT_GT(questions_of(1) + questions_of(2) + questions_of(3), 0U) << "at the first start";
  const std::array<std::size_t, 3> before{questions_of(1), questions_of(2), questions_of(3)};
  ASSERT_TRUE(lab_->power_off(node(server)));
  std::vector<unsigned> others{1, 2, 3};
  std::erase(others, server);
  const unsigned heir = who_comes_to_serve(others);
  ASSERT_NE(heir, 0U);
  EXPECT_EQ(questions_of(heir), before.at(heir - 1));
  EXPECT_TRUE(log_has(heir, "adding " + to_string(address())));
}

}  // namespace
}  // namespace hapx::appliance::lab
