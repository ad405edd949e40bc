// SPDX-License-Identifier: Apache-2.0
// How do datagrams come and go?
//
// One UDP socket, bound to this node's own address and the heartbeat port. Everything that arrives
// is handed on as it is, one call for each datagram, right after it was received: whoever wants its
// instant reads the clock in the handler. A datagram that is too long arrives one byte too long, so
// that the codec refuses and counts it like any other. What can't be sent is counted and forgotten:
// the next beat repeats it.
//
// An address that is not there yet (the interface comes up late, or by DHCP) is waited for; one
// that goes away later is survived, the socket stays bound and works again when it is back.
// Threading: all calls and handlers on the io_context's thread. Logs nothing; `remark` gets a
// sentence when something changes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "config/net.hpp"
#include "config/result.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::membership {

class UdpLink {
 public:
  using Handler = std::function<void(DatagramArrived)>;
  using Remark = std::function<void(std::string)>;

  struct Counters {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t send_failures = 0;  ///< of any cause: no address, no route, a full queue
    std::uint64_t receive_failures = 0;
    std::uint64_t bind_attempts = 0;
  };

  /// Errors: the port is taken, or the kernel denies us a socket. An absent address is none.
  static Result<std::unique_ptr<UdpLink>> open(boost::asio::io_context& context,
                                               const Endpoint& own, Handler handler,
                                               Remark remark = {});
  ~UdpLink();
  UdpLink(const UdpLink&) = delete;
  UdpLink& operator=(const UdpLink&) = delete;

  /// Never waits. Not bound yet counts as a failure.
  void send(const SendDatagram& datagram);

  [[nodiscard]] bool bound() const;
  [[nodiscard]] const Counters& counters() const;

 private:
  struct State;
  explicit UdpLink(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace hapx::membership
