// SPDX-License-Identifier: Apache-2.0
// How does one ask the kernel something by netlink and get the answer?
//
// A socket for requests: one question, one answer, in this call. The kernel carries a request out
// while it is being sent, so the answer is there when the call returns, and waiting for it in the
// event loop would only add states. The socket knows messages as envelopes; what they say is
// vip/address_message, vip/fence_message and vip/connection_message.
//
// Limit: a request of rtnetlink waits for the kernel's rtnl lock like everybody's, some ten
// microseconds when nobody else changes the network, milliseconds beside one who does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/io/descriptor.hpp"
#include "config/result.hpp"
#include "vip/netlink_message.hpp"

namespace hapx::vip {

/// Who answers in the kernel.
enum class NetlinkFamily : std::uint8_t {
  route,      ///< addresses, links, filters
  sock_diag,  ///< connections
};

class NetlinkSocket {
 public:
  /// Writes the request with the given sequence number.
  using Request = std::function<Bytes(std::uint32_t sequence)>;

  /// In the network namespace of the calling thread, for ever.
  [[nodiscard]] static Result<NetlinkSocket> open(NetlinkFamily family = NetlinkFamily::route);

  /// Carries one request out. `what` begins the sentence of a refusal.
  [[nodiscard]] Result<void> ask(const Request& request, const std::string& what);
  /// All messages of a dump; asked again, at most three times, if the tables changed meanwhile.
  [[nodiscard]] Result<std::vector<NetlinkMessage>> dump(const Request& request,
                                                         const std::string& what);

  /// The number that the kernel's notifications bear when we are the cause.
  [[nodiscard]] std::uint32_t port() const { return port_; }

 private:
  NetlinkSocket(Descriptor socket, std::uint32_t port);
  [[nodiscard]] Result<void> send(const Bytes& request, const std::string& what);
  /// Messages that answer `sequence`, up to and including the one that ends the exchange.
  [[nodiscard]] Result<std::vector<NetlinkMessage>> receive(std::uint32_t sequence,
                                                            const std::string& what);

  Descriptor socket_;
  std::uint32_t port_ = 0;
  std::uint32_t sequence_ = 0;
  Bytes buffer_;
};

}  // namespace hapx::vip
