// SPDX-License-Identifier: Apache-2.0
#include "segment.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/assert.hpp"
#include "config/io/clock.hpp"

namespace hapx::vip::test {
namespace {

Descriptor current_namespace() {
  return Descriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

int milliseconds_of(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Namespace::Namespace() {
  const Descriptor home = current_namespace();
  HAPX_ASSERT(::unshare(CLONE_NEWNET) == 0);
  self_ = current_namespace();
  HAPX_ASSERT(::setns(home.number(), CLONE_NEWNET) == 0);
  must(*this, {"ip link set lo up"});
}

void Namespace::within(const std::function<void()>& work) const {
  const Descriptor home = current_namespace();
  HAPX_ASSERT(::setns(self_.number(), CLONE_NEWNET) == 0);
  work();
  HAPX_ASSERT(::setns(home.number(), CLONE_NEWNET) == 0);
}

bool Namespace::runs(const std::string& command) const {
  int status = -1;
  within([&] { status = std::system(command.c_str()); });
  return status == 0;
}

std::string Namespace::output(const std::string& command) const {
  std::string text;
  within([&] {
    FILE* pipe = ::popen(command.c_str(), "r");
    HAPX_ASSERT(pipe != nullptr);
    std::array<char, 4096> buffer{};
    std::size_t length = 0;
    while ((length = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
      text.append(buffer.data(), length);
    }
    ::pclose(pipe);
  });
  return text;
}

std::string Namespace::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(self_.number());
}

void must(const Namespace& where, const std::vector<std::string>& commands) {
  for (const auto& command : commands) ASSERT_TRUE(where.runs(command)) << command;
}

std::string seen_within_a_second(const std::function<std::string()>& look) {
  for (;;) {
    const Instant before = boot_now();
    std::string seen = look();
    if (boot_now() - before < std::chrono::seconds(1)) return seen;
  }
}

Bystander::Bystander(const Namespace& where, const std::string& interface) {
  where.within([&] {
    Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    HAPX_ASSERT(address.sll_ifindex != 0);
    HAPX_ASSERT(
        ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ifreq request{};
    std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
    HAPX_ASSERT(::ioctl(socket.number(), SIOCGIFHWADDR, &request) == 0);
    std::copy_n(request.ifr_hwaddr.sa_data, 6, mac_.bytes.begin());
    socket_ = std::move(socket);
  });
}

void Bystander::send(std::span<const std::uint8_t> frame) {
  HAPX_ASSERT(::send(socket_.number(), frame.data(), frame.size(), 0) ==
              static_cast<ssize_t>(frame.size()));
}

std::optional<std::vector<std::uint8_t>> Bystander::receive(Duration wait) {
  const Instant end = boot_now() + wait;
  while (true) {
    pollfd readable{socket_.number(), POLLIN, 0};
    const Duration left = std::max(Duration(0), end - boot_now());
    if (::poll(&readable, 1, milliseconds_of(left)) <= 0) return std::nullopt;
    std::vector<std::uint8_t> frame(2048);
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t got = ::recvfrom(socket_.number(), frame.data(), frame.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0) return std::nullopt;
    if (from.sll_pkttype == PACKET_OUTGOING) continue;
    frame.resize(static_cast<std::size_t>(got));
    return frame;
  }
}

void Bystander::drain() {
  while (receive(Duration(0))) {
  }
}

std::vector<MacAddress> Bystander::ask(const IpAddress& address, Duration wait) {
  drain();
  send(probe_frame(mac_, address));
  std::vector<MacAddress> answers;
  const Instant end = boot_now() + wait;
  while (const auto frame = receive(std::max(Duration(0), end - boot_now()))) {
    // An IPv6 probe comes from nobody, so its answer goes to all.
    const auto claim = parse_claim(*frame);
    const bool says_so =
        claim && (claim->kind == ClaimKind::answer || claim->kind == ClaimKind::announcement);
    if (says_so && claim->address == address) answers.push_back(claim->mac);
  }
  return answers;
}

bool Bystander::hears(const IpAddress& address, Duration wait) {
  const Instant end = boot_now() + wait;
  do {
    if (!ask(address, std::chrono::milliseconds(20)).empty()) return true;
  } while (boot_now() < end);
  return false;
}

void run_until(boost::asio::io_context& io, const std::function<bool()>& happened,
               const std::string& what, Duration wait) {
  const Instant end = boot_now() + wait;
  while (!happened()) {
    ASSERT_LT(boot_now(), end) << "waited in vain: " << what;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(20));
  }
}

void run_for(boost::asio::io_context& io, Duration wait) {
  const Instant end = boot_now() + wait;
  while (boot_now() < end) {
    io.restart();
    io.run_one_for(std::chrono::duration_cast<std::chrono::milliseconds>(end - boot_now()) +
                   std::chrono::milliseconds(1));
  }
}

int in_child(const std::function<int()>& work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int in_child_of(const Namespace& where, const std::function<int()>& work) {
  int status = -1;
  where.within([&] { status = in_child(work); });
  return status;
}

bool drop_capabilities(const std::vector<int>& capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return false;
  for (const int capability : capabilities) {
    auto& half = data.at(static_cast<std::size_t>(capability) / 32);
    const std::uint32_t mask = ~(1U << (static_cast<unsigned>(capability) % 32));
    half.effective &= mask;
    half.permitted &= mask;
  }
  return ::syscall(SYS_capset, &header, data.data()) == 0;
}

int can_unshare() {
  return ::unshare(CLONE_NEWNET) == 0 ? 0 : 1;
}

}  // namespace hapx::vip::test
