// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/packet.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lb-supervisor/keeper_message.hpp"

namespace hapx::lb_supervisor {
namespace {

constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/// Room for a few descriptors, so that surplus ones are seen and closed instead of cut off.
constexpr std::size_t descriptors_max = 4;

/// Takes every descriptor out of the message; keeps the first.
Descriptor take_descriptor(msghdr& message) {
  Descriptor first;
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
      Descriptor descriptor(number);
      if (!first.is_open()) first = std::move(descriptor);
    }
  }
  return first;
}

}  // namespace

Result<void> send_packet(int socket, const std::vector<std::uint8_t>& bytes, int text) {
  iovec data{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (text >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &text, sizeof text);
  }
  if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno == EAGAIN || errno == ENOBUFS) {
      return Error{ErrorKind::unavailable, "the other end does not take what it is sent", errno};
    }
    return system_error(errno, "cannot send a packet");
  }
  return {};
}

Result<std::optional<Packet>> receive_packet(int socket) {
  Packet packet;
  packet.bytes.resize(message_bytes_max + 1);
  iovec data{packet.bytes.data(), packet.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return std::optional<Packet>{};
    return system_error(errno, "cannot receive a packet");
  }
  packet.text = take_descriptor(message);
  if (count == 0) return Error{ErrorKind::absent, "the other end closed the connection", 0};
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return Error{ErrorKind::refused, "a packet was too long", 0};
  }
  packet.bytes.resize(static_cast<std::size_t>(count));
  return std::optional<Packet>(std::move(packet));
}

Result<Descriptor> text_in_memory(std::string_view text) {
  Descriptor file(::memfd_create("hapx-haproxy-config", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return system_error(errno, "cannot make a file in memory");
  while (!text.empty()) {
    const auto count = ::write(file.number(), text.data(), text.size());
    if (count < 0) return system_error(errno, "cannot write a file in memory");
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fcntl(file.number(), F_ADD_SEALS, seals) != 0) {
    return system_error(errno, "cannot seal a file in memory");
  }
  return file;
}

Result<std::string> read_text(const Descriptor& text, std::size_t bytes_max) {
  struct stat status {};
  // Only a file in memory has seals; so what is read can neither block nor change meanwhile.
  const int found = text.is_open() ? ::fcntl(text.number(), F_GET_SEALS) : -1;
  if (found < 0 || (found & seals) != seals || ::fstat(text.number(), &status) != 0) {
    return Error{ErrorKind::refused, "no text came with the message", 0};
  }
  if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > bytes_max) {
    return Error{ErrorKind::refused, "the text is too long", 0};
  }
  std::string read(static_cast<std::size_t>(status.st_size), '\0');
  const auto count = ::pread(text.number(), read.data(), read.size(), 0);
  if (count != status.st_size) return Error{ErrorKind::failed, "the text can't be read", 0};
  return read;
}

Result<sockaddr_un> unix_address(const std::string& path, std::size_t spare) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto bytes_max = sizeof address.sun_path - 1 - spare;
  if (path.empty() || path.size() > bytes_max) {
    return Error{ErrorKind::refused,
                 "the path of the socket " + path + " is too long (at most " +
                     std::to_string(bytes_max) + " bytes)",
                 0};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace hapx::lb_supervisor
