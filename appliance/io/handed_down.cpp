// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/handed_down.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace hapx::appliance {

std::string describe(const DescriptorsByName& descriptors) {
  std::string text;
  for (const auto& [name, descriptor] : descriptors) {
    if (!text.empty()) text += ':';
    text += name + '=' + std::to_string(descriptor.number());
  }
  return text;
}

DescriptorsByName take_handed_down(std::string_view variable) {
  DescriptorsByName taken;
  while (!variable.empty()) {
    const auto end = variable.find(':');
    const auto item = variable.substr(0, end);
    variable = end == std::string_view::npos ? std::string_view() : variable.substr(end + 1);
    const auto equals = item.find('=');
    if (equals == std::string_view::npos) continue;
    const auto digits = item.substr(equals + 1);
    int number = -1;
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || stop != digits.data() + digits.size() || number < 3) continue;
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) != 0) continue;
    taken.insert_or_assign(std::string(item.substr(0, equals)), Descriptor(number));
  }
  return taken;
}

Result<void> send_descriptor(int channel, const std::string& name, int descriptor) {
  iovec payload{const_cast<char*>(name.data()), name.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  if (::sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return system_error(errno, "cannot leave \"" + name + "\" with the keeper");
  }
  return {};
}

Result<void> send_state(int channel, std::string_view state) {
  state = state.substr(0, state_bytes_max);
  if (::send(channel, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return system_error(errno, "cannot tell the keeper how we are");
  }
  return {};
}

Result<std::pair<std::string, Descriptor>> receive_descriptor(int channel) {
  std::array<char, state_bytes_max> name{};
  iovec payload{name.data(), name.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &payload;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto received = ::recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received < 0) return system_error(errno, "cannot read from the channel");
  if (received == 0) return Error{ErrorKind::absent, "the other end is closed", 0};
  Descriptor descriptor;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof(int));
    descriptor = Descriptor(number);
  }
  return std::pair(std::string(name.data(), static_cast<std::size_t>(received)),
                   std::move(descriptor));
}

}  // namespace hapx::appliance
