// SPDX-License-Identifier: Apache-2.0
// How does a request reach the node, and the answer its asker?
//
// HTTP/1.1 over a stream socket, a Unix one or TCP. A request that was read whole becomes one
// RequestArrived with a number of its own; whoever has the answer gives it back by that number, at
// once or later. The door understands framing, limits and time-outs, and nothing of what is asked
// (appliance/api and appliance/web_window do). An answer may go on as a stream, whose pieces are
// published to all who read one; its connection is theirs until they go. Who may connect to a Unix
// socket is said by its owner and mode; to TCP, anybody, unless a gate (appliance/io/gate.hpp) says
// who may come in: hence the pace, which bounds what a flood can cost the loop.
//
// Threading: all on the thread of the io_context; nothing here waits for a peer. Logs nothing;
// counts what it turned away.
//
// Limit: 32 connections (the next gets 503), 8 KiB of header, 64 KiB of body, one request at a time
// per connection, 5 s for a request to arrive and an answer to be taken, 30 s for an answer to be
// given (then 504), 1 s and 64 KiB of what a refused one still sends. Over TCP less: see
// network_server_options.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "appliance/io/gate.hpp"
#include "appliance/io/http_listening.hpp"
#include "config/net.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

/// How the door words its own refusals: {"error": "..."} or a plain line.
enum class Refusals : std::uint8_t { json, plain };

struct HttpServerOptions {
  HttpPlace place;
  std::shared_ptr<Gate> gate{};     ///< null: whoever may connect may come in
  Window window = Window::command;  ///< what its requests say
  Refusals refusals = Refusals::json;
  std::uint64_t first_id = 1;  ///< of its requests: two servers of one window tell theirs apart
  std::size_t connections_max = 32;
  std::size_t body_bytes_max = 64 * 1024;
  Duration pace{0};  ///< between two connections, and between two requests of one
  Duration transfer_time_max = std::chrono::seconds(5);
  Duration answer_time_max = std::chrono::seconds(30);
};

/// For an address on a network, where everybody is a stranger: 64 connections, at most 500
/// connections a second and 100 requests a second on each. Of HTTPS, whose handshakes take the time
/// of the loop, a fifth of both. The metrics take no body.
[[nodiscard]] HttpServerOptions network_server_options(Window window, const Endpoint& listen,
                                                       std::shared_ptr<Gate> gate);

class HttpServer {
 public:
  /// Fails as listen_at does. `handler` may call respond() at once. `ended` is told of each answer
  /// that went on, when its reader is gone; without it nothing may go on.
  [[nodiscard]] static Result<HttpServer> open(boost::asio::io_context& context,
                                               HttpServerOptions options,
                                               std::function<void(RequestArrived)> handler,
                                               std::function<void(StreamEnded)> ended = {});

  ~HttpServer();
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;

  /// Sends the answer to request `answer.id`; does nothing if its asker is gone.
  void respond(const Respond& answer);

  /// Sends the piece to each reader of a stream, or keeps it for him until he has taken the one
  /// before; he has transfer_time_max for each.
  void publish(const Publish& action);

  /// For whoever comes from now on.
  void set_gate(std::shared_ptr<Gate> gate);

  /// Takes no more requests and ends all connections; what was answered is still sent as far as
  /// the kernel takes it at once. Removes the socket if it is still ours.
  void close();

  /// Connections and requests turned away (busy, malformed, too large).
  [[nodiscard]] std::uint64_t turned_away() const;

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hapx::appliance
