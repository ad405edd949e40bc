// SPDX-License-Identifier: Apache-2.0
// What comes over the wire from those who do not belong to the cluster: another key, another
// cluster, and datagrams that were truncated, altered or sent again. Each is counted under its
// reason and changes nothing.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "appliance/lab/io/cable.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint16_t heartbeat_port = 7405;
constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t ip_bytes = 20;
constexpr std::size_t udp_bytes = 8;

/// A heartbeat as it lies on the wire.
struct Heartbeat {
  MacAddress from_mac;
  MacAddress to_mac;
  IpAddress from;
  IpAddress to;
  Bytes sealed;
};

void put16(Bytes& bytes, std::size_t number) {
  bytes.push_back(static_cast<std::uint8_t>(number >> 8U));
  bytes.push_back(static_cast<std::uint8_t>(number));
}

std::size_t get16(const Bytes& bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8U | bytes[at + 1];
}

void put_address(Bytes& bytes, const IpAddress& address) {
  bytes.insert(bytes.end(), address.bytes.begin(), address.bytes.begin() + 4);
}

/// RFC 1071.
std::size_t internet_checksum(const Bytes& header) {
  std::size_t sum = 0;
  for (std::size_t at = 0; at + 1 < header.size(); at += 2) sum += get16(header, at);
  while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
  return ~sum & 0xffffU;
}

/// The frame of a heartbeat; without a UDP checksum, which IPv4 permits, so that only hapxd judges.
Bytes frame_of(const Heartbeat& heartbeat) {
  const std::size_t udp_length = udp_bytes + heartbeat.sealed.size();
  Bytes ip = {0x45, 0};
  put16(ip, ip_bytes + udp_length);
  ip.insert(ip.end(), {0, 0, 0x40, 0, 64, IPPROTO_UDP});
  put16(ip, 0);
  put_address(ip, heartbeat.from);
  put_address(ip, heartbeat.to);
  const std::size_t checksum = internet_checksum(ip);
  ip[10] = static_cast<std::uint8_t>(checksum >> 8U);
  ip[11] = static_cast<std::uint8_t>(checksum);

  Bytes frame(heartbeat.to_mac.bytes.begin(), heartbeat.to_mac.bytes.end());
  frame.insert(frame.end(), heartbeat.from_mac.bytes.begin(), heartbeat.from_mac.bytes.end());
  put16(frame, ETH_P_IP);
  frame.insert(frame.end(), ip.begin(), ip.end());
  put16(frame, heartbeat_port);
  put16(frame, heartbeat_port);
  put16(frame, udp_length);
  put16(frame, 0);
  frame.insert(frame.end(), heartbeat.sealed.begin(), heartbeat.sealed.end());
  return frame;
}

/// nullopt when the frame is anything else than a heartbeat to that address.
std::optional<Heartbeat> heartbeat_in(const Bytes& frame, const IpAddress& to) {
  constexpr std::size_t head = ethernet_bytes + ip_bytes + udp_bytes;
  if (frame.size() < head || get16(frame, 12) != ETH_P_IP || frame[14] != 0x45) return {};
  if (frame[23] != IPPROTO_UDP || get16(frame, 36) != heartbeat_port) return {};
  Heartbeat heartbeat;
  std::copy_n(frame.begin(), 6, heartbeat.to_mac.bytes.begin());
  std::copy_n(frame.begin() + 6, 6, heartbeat.from_mac.bytes.begin());
  std::copy_n(frame.begin() + 26, 4, heartbeat.from.bytes.begin());
  std::copy_n(frame.begin() + 30, 4, heartbeat.to.bytes.begin());
  const std::size_t end = ethernet_bytes + get16(frame, 16);
  if (heartbeat.to != to || end > frame.size()) return {};
  heartbeat.sealed.assign(frame.begin() + head, frame.begin() + static_cast<std::ptrdiff_t>(end));
  return heartbeat;
}

class GroundWire : public Ground {
 protected:
  /// A socket on the bridge's end of a node's cable: hears what the node sends, and what is sent
  /// there arrives at the node.
  [[nodiscard]] Descriptor tap(unsigned number) const {
    Descriptor made;
    const auto done = within(plan().wire_netns, [&]() -> Result<void> {
      made = Descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
      sockaddr_ll port{};
      port.sll_family = AF_PACKET;
      port.sll_protocol = htons(ETH_P_ALL);
      port.sll_ifindex = static_cast<int>(::if_nametoindex(node(number).bridge_port.c_str()));
      if (::bind(made.number(), reinterpret_cast<const sockaddr*>(&port), sizeof port) != 0) {
        return system_error(errno, "a tap on " + node(number).bridge_port);
      }
      return {};
    });
    EXPECT_TRUE(done) << done.error().sentence;
    return made;
  }

  /// The next heartbeat that one node sends to another.
  [[nodiscard]] Heartbeat overheard(unsigned from, unsigned to) const {
    const Descriptor ear = tap(from);
    std::optional<Heartbeat> heard;
    comes("a heartbeat on the wire", [&] {
      Bytes frame(2048);
      pollfd waiting{ear.number(), POLLIN, 0};
      if (::poll(&waiting, 1, 1000) != 1) return false;
      const ssize_t length = ::recv(ear.number(), frame.data(), frame.size(), 0);
      frame.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
      heard = heartbeat_in(frame, node(to).address);
      return heard && heard->from == node(from).address;
    });
    return heard.value_or(Heartbeat{});
  }

  void send_to(unsigned number, const Heartbeat& heartbeat) const {
    const Descriptor mouth = tap(number);
    const Bytes frame = frame_of(heartbeat);
    EXPECT_EQ(::send(mouth.number(), frame.data(), frame.size(), 0),
              static_cast<ssize_t>(frame.size()));
  }

  [[nodiscard]] static std::string refused_for(const std::string& reason) {
    return "datagrams_refused." + reason;
  }
  [[nodiscard]] static std::uint64_t all_refused(const Status& status) {
    std::uint64_t sum = 0;
    for (const auto& [counter, number] : status.counters) {
      if (counter.starts_with(refused_for(""))) sum += number;
    }
    return sum;
  }

  /// Sends it a few times; each must be counted for this reason.
  void expect_counted(unsigned number, const Heartbeat& heartbeat, const std::string& what,
                      const std::string& reason) const {
    constexpr unsigned times = 3;
    const std::uint64_t before = count(status(number), refused_for(reason));
    for (unsigned time = 0; time < times; ++time) send_to(number, heartbeat);
    const bool counted = comes(what + " is counted as \"" + reason + "\"", [&] {
      return count(status(number), refused_for(reason)) >= before + times;
    });
    if (counted) return;
    for (const auto& [counter, counts] : status(number).counters) {
      std::cout << "  " << counter << ": " << counts << "\n";
    }
  }

  void expect_all_are_here(unsigned number) const {
    const Status now = status(number);
    EXPECT_TRUE(now.quorate);
    EXPECT_EQ(now.members.size(), plan().nodes.size());
    for (const MemberStatus& member : now.members) {
      EXPECT_EQ(member.state, MemberState::online) << member.name.text();
    }
  }
};

TEST_F(GroundWire, ANodeWithAnotherKeyIsCountedAndTheOthersServe) {
  ASSERT_NO_FATAL_FAILURE(build());
  const std::string wrong_key = file("wrong.key");
  make_key(wrong_key);
  start(1, {.config_file = config_with("wrong-key.yaml", plan().key_file, wrong_key)});
  start(2);
  start(3);
  const unsigned server = settled({2, 3});
  ASSERT_NE(server, 0U);
  const Onlooker onlooker = look_on();
  for (const unsigned number : {1U, 2U, 3U}) {
    comes(node(number).name.text() + " counts wrong keys",
          [&] { return count(status(number), refused_for("wrong key")) >= 10; });
  }
  const Status alone = status(1);
  EXPECT_FALSE(alone.quorate);
  EXPECT_TRUE(says(alone, "no quorum"));
  EXPECT_EQ(appliance::health(alone), appliance::Health::no_service);
  EXPECT_TRUE(comes_to_say(server, "node1 is offline"));
  expect_undisturbed(onlooker, server);
}

/// Two clusters on one segment and one port, the foreign one with one of our addresses in its file:
/// ours has node1 and node2, the foreign one runs on node3's machine and beside the stand-ins.
TEST_F(GroundWire, AForeignClusterIsCountedAndBothServe) {
  ASSERT_NO_FATAL_FAILURE(build());
  start(1);
  start(2);
  const unsigned server = settled({1, 2});
  ASSERT_NE(server, 0U);
  const Onlooker onlooker = look_on();

  make_key(file("foreign.key"));
  const std::string config = file("foreign.yaml");
  ASSERT_TRUE(write_file(config,
                         "apiVersion: hapx.dev/v1alpha1\n"
                         "kind: Cluster\n"
                         "metadata: {name: foreign}\n"
                         "spec:\n"
                         "  keyFile: " +
                             file("foreign.key") +
                             "\n"
                             "  nodes:\n"
                             "    - {name: red, address: " +
                             to_string(node(3).address) +
                             "}\n"
                             "    - {name: green, address: " +
                             to_string(plan().apiservers[0].address) +
                             ", role: witness}\n"
                             "    - {name: blue, address: " +
                             to_string(node(1).address) +
                             "}\n"
                             "  services:\n"
                             "    - name: other\n"
                             "      vips: [{address: 192.168.4.21/24, interface: eth0}]\n"
                             "      port: 6443\n"
                             "      apiServers: [\"" +
                             to_string(Endpoint{plan().apiservers[1].address, plan().port}) +
                             "\"]\n"));
  NodePlan red = node(3);
  red.name = NodeName("red");
  NodePlan green = node(3);
  green.name = NodeName("green");
  green.netns = plan().apiserver_netns;
  green.run_folder = file("green-run");
  green.state_folder = file("green-state");
  for (const NodePlan& each : {red, green}) {
    const auto started = start_daemon(command(each, {.config_file = config}),
                                      {each.netns, file(each.name.text() + ".log"), ""});
    ASSERT_TRUE(started) << started.error().sentence;
  }
  comes("the foreign cluster serves its own address", [&] { return serves(status(red)); });
  for (const NodePlan& each : {node(1), red}) {
    comes(each.name.text() + " counts another cluster's datagrams",
          [&] { return count(status(each), refused_for("another cluster")) >= 10; });
  }
  EXPECT_TRUE(serves(status(server)));
  EXPECT_TRUE(serves(status(red)));
  EXPECT_TRUE(status(server).quorate);
  expect_undisturbed(onlooker, server);
}

class Forged : public GroundWire {
 protected:
  void begin() {
    ASSERT_NO_FATAL_FAILURE(build());
    start_all();
    server_ = settled();
    ASSERT_NE(server_, 0U);
    peer_ = server_ == 1 ? 2 : 1;
    third_ = 6 - server_ - peer_;
    comes("all are here", [&] { return status(server_).degraded.empty(); });
  }

  unsigned server_ = 0;  ///< gets all that is forged
  unsigned peer_ = 0;    ///< in whose name it is sent
  unsigned third_ = 0;
};

TEST_F(Forged, ADatagramThatIsSentAgainIsCountedAndChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const Heartbeat real = overheard(peer_, server_);
  ASSERT_FALSE(real.sealed.empty());
  expect_counted(server_, real, "a replay", "replayed");
  expect_counted(server_, overheard(peer_, server_), "another replay", "replayed");

  Heartbeat astray = overheard(peer_, third_);
  astray.to = node(server_).address;
  astray.to_mac = node(server_).mac;
  expect_counted(server_, astray, "what was meant for a third node", "for another node");
  Heartbeat reflected = overheard(server_, peer_);
  std::swap(reflected.from, reflected.to);
  std::swap(reflected.from_mac, reflected.to_mac);
  expect_counted(server_, reflected, "an echo", "our own");
  Heartbeat moved = real;
  moved.from = plan().client_address;
  expect_counted(server_, moved, "a replay from elsewhere", "wrong address");

  // The words of a process that is no more.
  signal_all(peer_, {daemon_name}, SIGKILL);
  comes("the peer's next hapxd is here", [&] { return status(peer_).quorate; });
  comes("the server has heard of it", [&] {
    send_to(server_, real);
    return count(status(server_), refused_for("superseded process")) > 0;
  });
  expect_counted(server_, real, "a replay of an earlier process", "superseded process");
  expect_all_are_here(server_);
  expect_undisturbed(onlooker, server_);
}

TEST_F(Forged, AnAlteredDatagramIsCountedAndChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const Heartbeat real = overheard(peer_, server_);
  const std::size_t name_at = 14;  // the envelope of membership/codec.hpp
  const std::size_t name_bytes = node(peer_).name.text().size();
  const std::size_t incarnation_at = name_at + name_bytes + 16;
  const std::size_t counter_at = incarnation_at + 8;
  const std::size_t sealed_at = counter_at + 8;
  ASSERT_GT(real.sealed.size(), sealed_at + 16);

  const auto with_bit_of = [&](std::size_t at) {
    Heartbeat altered = real;
    altered.sealed[at] ^= 1U;
    return altered;
  };
  expect_counted(server_, with_bit_of(0), "another magic", "not ours");
  expect_counted(server_, with_bit_of(4), "another version", "unknown version");
  expect_counted(server_, with_bit_of(5), "another cluster", "another cluster");
  expect_counted(server_, with_bit_of(name_at), "another name", "unknown sender");
  expect_counted(server_, with_bit_of(incarnation_at), "another incarnation", "wrong key");
  expect_counted(server_, with_bit_of(counter_at), "another counter", "wrong key");
  expect_counted(server_, with_bit_of(sealed_at), "another text", "wrong key");
  expect_counted(server_, with_bit_of(real.sealed.size() - 1), "another tag", "wrong key");

  Heartbeat renamed = real;
  renamed.sealed[name_at + name_bytes - 1] = static_cast<std::uint8_t>('0' + third_);
  expect_counted(server_, renamed, "a third node's name", "wrong address");
  renamed.sealed[name_at + name_bytes - 1] = static_cast<std::uint8_t>('0' + server_);
  expect_counted(server_, renamed, "the server's own name", "wrong key");
  Heartbeat longer = real;
  longer.sealed.push_back(0);
  expect_counted(server_, longer, "a byte more", "wrong key");
  longer.sealed.resize(1401);
  expect_counted(server_, longer, "more than a datagram may have", "too long");
  expect_all_are_here(server_);
  expect_undisturbed(onlooker, server_);
}

TEST_F(Forged, ADatagramTruncatedToAnyLengthIsCountedAndChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const Onlooker onlooker = look_on();
  const Heartbeat real = overheard(peer_, server_);
  const auto cut_to = [&](std::size_t length) {
    Heartbeat cut = real;
    cut.sealed.resize(length);
    return cut;
  };
  expect_counted(server_, cut_to(3), "less than the magic", "not ours");
  expect_counted(server_, cut_to(20), "less than the envelope", "malformed");
  expect_counted(server_, cut_to(real.sealed.size() - 1), "all but a byte", "wrong key");
  const std::uint64_t before = all_refused(status(server_));
  for (std::size_t length = 0; length < real.sealed.size(); ++length) {
    send_to(server_, cut_to(length));
  }
  comes("each length is counted",
        [&] { return all_refused(status(server_)) >= before + real.sealed.size(); });
  expect_all_are_here(server_);
  expect_undisturbed(onlooker, server_);
}

}  // namespace
}  // namespace hapx::appliance::lab
