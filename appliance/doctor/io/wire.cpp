// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/io/wire.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "appliance/doctor/io/wire_socket.hpp"
#include "appliance/doctor/wire_end.hpp"
#include "appliance/doctor/wire_word.hpp"
#include "appliance/lab/io/socket.hpp"
#include "config/io/clock.hpp"
#include "membership/codec.hpp"
#include "vip/io/packet_socket.hpp"

namespace hapx::appliance::doctor {
namespace {

using membership::Codec;

constexpr int words_per_turn_max = 64;

Error failure(std::string sentence) {
  return {ErrorKind::unavailable, std::move(sentence), 0};
}

template <class Value>
Value random_value() {
  Value value{};
  // Of so few bytes it gives all, or (in the first moments of a machine) waits for them.
  if (::getrandom(&value, sizeof value, 0) != sizeof value) return Value{};
  return value;
}

const NodeConfig& node_of(const ClusterConfig& config, const NodeName& name) {
  return *std::ranges::find(config.nodes, name, &NodeConfig::name);
}

/// No cluster's name has a blank in it, so no hapxd takes such a datagram for one of its own.
ClusterName spoken_as(const ClusterName& cluster) {
  return ClusterName(cluster.text() + " doctor wire");
}

/// The sockets and the machine of one end, for as long as the test runs.
class WireTest {
 public:
  static Result<WireTest> open(const WireOptions& options) {
    auto segments = segments_of(options.config, options.self);
    if (!segments) return segments.error();
    for (const IpAddress& address : options.given) {
      if (auto good = check_given(options.config, address); !good) return good.error();
    }
    auto packets = vip::PacketSocket::open();
    if (!packets) return packets.error();
    auto words = open_words(options);
    if (!words) return words.error();
    std::vector<Card> cards;
    std::vector<Descriptor> ears;
    for (const Segment& segment : *segments) {
      Card card = look_at_card(segment);
      for (const Cidr& vip : segment.vips) {
        const bool is_served =
            std::ranges::find(options.served, vip.address) != options.served.end();
        if (is_served) card.notes.served.push_back(vip.address);
      }
      auto ear = card.notes.trouble.empty() ? open_ear(card.index, segment.family)
                                            : Result<Descriptor>(Descriptor());
      if (!ear) return ear.error();
      ears.push_back(std::move(*ear));
      cards.push_back(std::move(card));
    }
    return WireTest(options, std::move(*packets), std::move(*words), std::move(cards),
                    std::move(ears));
  }

  void run(const WireProgress& progress) {
    carry_out(end_.step(Woken{}, boot_now()));
    while (!end_.is_over()) {
      progress(doing());
      wait();
      read_words();
      for (std::size_t i = 0; i < ears_.size(); ++i) {
        if (!ears_[i].is_open()) continue;
        hear(ears_[i], [&](std::span<const std::uint8_t> frame) {
          carry_out(end_.step(FrameHeard{i, frame}, boot_now()));
        });
      }
      carry_out(end_.step(Woken{}, boot_now()));
    }
  }

  /// The facts, or why there are none.
  [[nodiscard]] Result<WireFacts> outcome() const {
    WireFacts facts = end_.facts();
    const std::string other = facts.nodes[facts.here_is_first ? 1 : 0].text();
    switch (facts.meeting) {
      case Meeting::met:
        return facts;
      case Meeting::not_heard:
        return failure(other + " speaks and is heard here, but doesn't hear " +
                       options_.self.text() +
                       ": the path between their addresses is of one "
                       "direction, or a firewall there drops UDP " +
                       port());
      case Meeting::elsewhere:
        return failure("the other nodes test with each other: run it again when they are done");
      case Meeting::lost:
        return failure(other + " fell silent before the end: run it on both nodes again");
      case Meeting::nobody:
        break;
    }
    return failure("nobody came within " + hapx::to_string(options_.patience) +
                   ": run `hapx doctor " + "wire` on " + awaited() + ", too, and let UDP " +
                   port() + " pass between the nodes" + hint_);
  }

 private:
  WireTest(const WireOptions& options, vip::PacketSocket packets, Descriptor words,
           std::vector<Card> cards, std::vector<Descriptor> ears)
      : options_(options),
        incarnation_(std::max<std::uint64_t>(random_value<std::uint64_t>(), 1)),
        codec_({spoken_as(options.config.name),
                options.self,
                random_value<membership::BootId>(),
                {incarnation_},
                options.keys}),
        packets_(std::move(packets)),
        words_(std::move(words)),
        cards_(std::move(cards)),
        ears_(std::move(ears)),
        end_(end_options(), boot_now()) {}

  static Result<Descriptor> open_words(const WireOptions& options) {
    const Endpoint own{node_of(options.config, options.self).address, options.port};
    const auto address = lab::socket_address(own);
    const int family = own.address.family == Family::ipv4 ? AF_INET : AF_INET6;
    Descriptor socket(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.is_open()) return system_error(errno, "opening a UDP socket");
    if (::bind(socket.number(), address.pointer(), address.length) == 0) return socket;
    if (errno == EADDRINUSE) {
      return failure("UDP " + to_string(own) +
                     " is taken: another `hapx doctor wire` runs here, "
                     "or another program; --port names another one, the same on both nodes");
    }
    return system_error(errno, "cannot use UDP " + to_string(own));
  }

  [[nodiscard]] WireEnd::Options end_options() const {
    WireEnd::Options end;
    end.config = options_.config;
    end.self = options_.self;
    end.peer = options_.peer;
    end.given = options_.given;
    end.incarnation = incarnation_;
    end.patience = options_.patience;
    for (const Card& card : cards_) end.notes.push_back(card.notes);
    return end;
  }

  [[nodiscard]] std::string port() const { return std::to_string(options_.port); }

  [[nodiscard]] std::string awaited() const {
    std::string names;
    for (const NodeName& name : end_.candidates()) {
      names += (names.empty() ? "" : " or ") + name.text();
    }
    return names;
  }

  [[nodiscard]] std::string doing() const {
    const std::string pair =
        options_.self.text() + " and " + end_.partner().value_or(NodeName()).text();
    switch (end_.phase()) {
      case WirePhase::meeting:
        return "waiting for " + awaited() + " (run `hapx doctor wire` there, too)";
      case WirePhase::asking:
        return pair + " ask who has the addresses";
      case WirePhase::first_claims:
      case WirePhase::second_claims:
        return pair + " claim an address in turn";
      case WirePhase::over:
        break;
    }
    return pair + " compare what they saw";
  }

  void wait() {
    std::vector<pollfd> all{{words_.number(), POLLIN, 0}};
    for (const Descriptor& ear : ears_) {
      if (ear.is_open()) all.push_back({ear.number(), POLLIN, 0});
    }
    const Duration left = end_.next_deadline() - boot_now();
    const auto milliseconds = left / std::chrono::milliseconds(1) + 1;
    (void)::poll(all.data(), all.size(),
                 static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 1000)));
  }

  void read_words() {
    std::array<std::uint8_t, membership::datagram_bytes_max + 1> bytes{};
    for (int count = 0; count < words_per_turn_max; ++count) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      const ssize_t got = ::recvfrom(words_.number(), bytes.data(), bytes.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &length);
      // A port that is closed over there is told once, in the place of a datagram.
      if (got < 0 && errno == EAGAIN) return;
      if (got < 0) continue;
      read_word(std::span(bytes).first(static_cast<std::size_t>(got)));
    }
  }

  void read_word(std::span<const std::uint8_t> datagram) {
    const auto opened = codec_.open_bytes(datagram);
    if (const auto* refused = std::get_if<membership::Refused>(&opened)) {
      if (refused->reason == membership::refusal_reason::wrong_key) {
        hint_ = "; somebody spoke with another key: compare the nodes' key files";
      }
      return;
    }
    const auto& [envelope, plaintext] = std::get<membership::OpenedBytes>(opened);
    const auto word =
        parse_word({reinterpret_cast<const char*>(plaintext.data()), plaintext.size()});
    if (!word || envelope.sender == options_.self) return;
    carry_out(end_.step(WordHeard{envelope.sender, envelope.incarnation.value, *word}, boot_now()));
  }

  void carry_out(const WireOrders& orders) {
    for (const WireOrder& order : orders) {
      std::visit([this](const auto& each) { carry_out(each); }, order);
    }
  }

  /// What can't be sent is sent again with the next beat.
  void carry_out(const SendWord& order) {
    const std::string text = to_text(order.word);
    const auto sealed =
        codec_.seal_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    const auto to =
        lab::socket_address({node_of(options_.config, order.to).address, options_.port});
    (void)::sendto(words_.number(), sealed.data(), sealed.size(), MSG_NOSIGNAL, to.pointer(),
                   to.length);
  }

  /// A frame that can't be sent is missed at the other end, which is what the test is about.
  void carry_out(const SendFrame& order) {
    (void)packets_.send(cards_[order.segment].index, order.frame);
  }

  void carry_out(const ListenFor& order) {
    if (!cards_[order.segment].notes.trouble.empty()) return;
    auto joined = join_group_of(cards_[order.segment].index, order.address);
    if (joined) groups_.push_back(std::move(*joined));
  }

  WireOptions options_;
  std::uint64_t incarnation_;
  Codec codec_;
  vip::PacketSocket packets_;
  Descriptor words_;
  std::vector<Card> cards_;
  std::vector<Descriptor> ears_;
  std::vector<Descriptor> groups_;
  WireEnd end_;
  std::string hint_;  ///< why nobody may have come
};

}  // namespace

Result<WireFacts> test_wire(const WireOptions& options, const WireProgress& progress) {
  auto test = WireTest::open(options);
  if (!test) return test.error();
  test->run(progress);
  return test->outcome();
}

}  // namespace hapx::appliance::doctor
