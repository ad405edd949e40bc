// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/cable.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include "config/assert.hpp"
#include "config/io/descriptor.hpp"

namespace hapx::appliance::lab {
namespace {

/// RTM_SETLINK with at most one attribute: IFLA_MASTER.
struct LinkRequest {
  nlmsghdr header{};
  ifinfomsg link{};
  rtattr attribute{};
  std::uint32_t master = 0;
};

LinkRequest request_for(unsigned index) {
  LinkRequest request;
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(ifinfomsg));
  request.header.nlmsg_type = RTM_SETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.link.ifi_family = AF_UNSPEC;
  request.link.ifi_index = static_cast<int>(index);
  return request;
}

Result<void> send_request(const LinkRequest& request, const std::string& what) {
  const Descriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket.is_open()) return system_error(errno, "rtnetlink");
  if (::send(socket.number(), &request, request.header.nlmsg_len, 0) < 0) {
    return system_error(errno, what);
  }
  alignas(nlmsghdr) std::array<char, 512> reply{};
  const ssize_t count = ::recv(socket.number(), reply.data(), reply.size(), 0);
  if (count < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr)))) {
    return system_error(count < 0 ? errno : EPROTO, what);
  }
  nlmsgerr answer{};
  std::memcpy(&answer, NLMSG_DATA(reinterpret_cast<nlmsghdr*>(reply.data())), sizeof answer);
  if (answer.error != 0) return system_error(-answer.error, what);
  return {};
}

Result<void> change_port(const std::string& netns, const std::string& port,
                         const std::function<void(LinkRequest&)>& change) {
  return within(netns, [&]() -> Result<void> {
    const unsigned index = ::if_nametoindex(port.c_str());
    if (index == 0) return system_error(errno, "the cable " + port);
    LinkRequest request = request_for(index);
    change(request);
    return send_request(request, "the cable " + port);
  });
}

}  // namespace

Result<void> within(const std::string& netns, const std::function<Result<void>()>& action) {
  const Descriptor home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const Descriptor away(::open(("/run/netns/" + netns).c_str(), O_RDONLY | O_CLOEXEC));
  if (!home.is_open() || !away.is_open()) return system_error(errno, "the namespace " + netns);
  if (::setns(away.number(), CLONE_NEWNET) != 0) {
    return system_error(errno, "the namespace " + netns);
  }
  Result<void> result = action();
  const bool is_home = ::setns(home.number(), CLONE_NEWNET) == 0;
  HAPX_ASSERT(is_home);
  return result;
}

Result<void> set_carrier(const std::string& wire_netns, const std::string& port, Carrier carrier) {
  return change_port(wire_netns, port, [&](LinkRequest& request) {
    request.link.ifi_change = IFF_UP;
    request.link.ifi_flags = carrier == Carrier::up ? IFF_UP : 0;
  });
}

Result<void> silence(const std::string& wire_netns, const std::string& port) {
  return change_port(wire_netns, port, [](LinkRequest& request) {
    request.attribute.rta_type = IFLA_MASTER;
    request.attribute.rta_len = RTA_LENGTH(sizeof request.master);
    request.header.nlmsg_len += RTA_SPACE(sizeof request.master);
  });
}

}  // namespace hapx::appliance::lab
