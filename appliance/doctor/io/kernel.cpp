// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/io/kernel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "config/io/descriptor.hpp"
#include "config/io/regular_file.hpp"
#include "vip/io/fence_filter.hpp"
#include "vip/io/rtnetlink.hpp"

namespace hapx::appliance::doctor {
namespace {

using Outcome = Attempt::Outcome;

/// In a thread that ends afterwards, since it leaves the namespace for good.
Attempt try_fence_here() {
  if (::unshare(CLONE_NEWNET) != 0) {
    return {Outcome::not_made,
            std::string("no network namespace to try it in: ") + std::strerror(errno)};
  }
  const auto failed = [](const Error& error) { return Attempt{Outcome::failed, error.sentence}; };
  auto filter = vip::FenceFilter::open(std::nullopt);
  if (!filter) return failed(filter.error());
  if (const auto armed = filter->arm({}); !armed) return failed(armed.error());
  auto socket = vip::NetlinkSocket::open();
  if (!socket) return failed(socket.error());
  const auto links = vip::dump_links(*socket);
  if (!links) return failed(links.error());
  const auto loopback = std::ranges::find(*links, InterfaceName("lo"), &vip::LinkSeen::name);
  if (loopback == links->end()) return {Outcome::not_made, "there is no loopback to try it on"};
  if (const auto attached = filter->attach(*socket, *loopback); !attached) {
    return failed(attached.error());
  }
  return {Outcome::worked};
}

}  // namespace

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "";
}

Attempt try_fence() {
  Attempt outcome;
  try {
    std::thread([&] { outcome = try_fence_here(); }).join();
  } catch (const std::exception& trouble) {  // no thread to be had
    return {Outcome::not_made, trouble.what()};
  }
  return outcome;
}

Attempt try_freebind() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return {Outcome::not_made, std::strerror(errno)};
  const int yes = 1;
  sockaddr_in nowhere{};
  nowhere.sin_family = AF_INET;
  ::inet_pton(AF_INET, "192.0.2.1", &nowhere.sin_addr);
  const bool worked =
      ::setsockopt(socket.number(), IPPROTO_IP, IP_FREEBIND, &yes, sizeof yes) == 0 &&
      ::bind(socket.number(), reinterpret_cast<const sockaddr*>(&nowhere), sizeof nowhere) == 0;
  if (worked) return {Outcome::worked};
  return {Outcome::failed, std::strerror(errno)};
}

std::optional<bool> is_clock_synchronised() {
  timex state{};
  if (::adjtimex(&state) < 0) return std::nullopt;
  return (state.status & STA_UNSYNC) == 0;
}

int sysctl(const std::string& name) {
  return std::atoi(text_of("/proc/sys/" + name).c_str());
}

std::string text_of(const std::string& path, std::size_t bytes_max) {
  auto text = read_regular_file(path, "the file", bytes_max);
  return text ? *std::move(text) : std::string();
}

}  // namespace hapx::appliance::doctor
