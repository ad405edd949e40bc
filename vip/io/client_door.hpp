// SPDX-License-Identifier: Apache-2.0
// Who is connected to our addresses, and how does one wake who was connected to another holder?
//
// One method per action; one handler for all events of vip::ClientEvent. As at the other door an
// action's work is done when its method returns, and its outcome comes as an event from the
// io_context, never from within a method.
//
// Clients are listed by sock_diag, in this call: a fifth of a millisecond on a machine of 24 GiB,
// whose table of connections is the largest of all; less on a small one. Tickles leave by a raw
// socket, so the kernel finds the way and the neighbour as for any packet. Answers are resets, in
// either direction; they are listened for only while somebody is being tickled. Who stands before a
// client is asked of the kernel's routes and neighbours.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "config/result.hpp"
#include "vip/action.hpp"
#include "vip/event.hpp"

namespace hapx::vip {

class ClientDoor {
 public:
  using Handler = std::function<void(ClientEvent)>;

  /// In the network namespace of the calling thread, for ever. Fails without netlink or raw sockets
  /// (CAP_NET_RAW). REQUIRES: `io` outlives this, and runs in one thread.
  [[nodiscard]] static Result<std::unique_ptr<ClientDoor>> open(boost::asio::io_context& io,
                                                                Handler handler);
  ~ClientDoor();
  ClientDoor(const ClientDoor&) = delete;
  ClientDoor& operator=(const ClientDoor&) = delete;

  void carry_out(const ListClients& action);
  void carry_out(const Tickle& action);
  void carry_out(const AnnounceToClients& action);

 private:
  struct State;
  explicit ClientDoor(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hapx::vip
