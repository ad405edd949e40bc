// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/apiserver.hpp"

#include <cerrno>
#include <optional>
#include <string_view>
#include <vector>

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "appliance/lab/io/socket.hpp"
#include "appliance/lab/io/tls.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr std::size_t request_bytes_max = 16 * 1024;

enum class Mood : sig_atomic_t { well, failing, leaving };
volatile sig_atomic_t mood = static_cast<sig_atomic_t>(Mood::well);

void be(Mood next) {
  mood = static_cast<sig_atomic_t>(next);
}
bool is(Mood which) {
  return mood == static_cast<sig_atomic_t>(which);
}

void take_over_signals() {
  struct sigaction action {};
  action.sa_handler = [](int number) {
    be(number == SIGUSR1 ? Mood::failing : number == SIGUSR2 ? Mood::well : Mood::leaving);
  };
  ::sigaction(SIGUSR1, &action, nullptr);
  ::sigaction(SIGUSR2, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

std::string answer_of(const std::string& name) {
  const bool well = !is(Mood::failing);
  const std::string body = (well ? "ok " : "broken ") + name + "\n";
  return std::string(well ? "HTTP/1.1 200 OK" : "HTTP/1.1 500 Internal Server Error") +
         "\r\nServer: " + name +
         "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

/// One connection: handshake, then requests and answers in turn until the client leaves.
class Connection {
 public:
  Connection(Descriptor socket, TlsSession session)
      : socket_(std::move(socket)), session_(std::move(session)) {}

  [[nodiscard]] pollfd waiting() const { return {socket_.number(), events_, 0}; }

  /// Goes on as far as possible; false when the connection is over.
  [[nodiscard]] bool advance(const std::string& name) {
    for (;;) {
      const Progress progress = step(name);
      if (progress == Progress::done) continue;
      events_ = progress == Progress::wants_write ? POLLOUT : POLLIN;
      if (progress == Progress::wants_read || progress == Progress::wants_write) return true;
      session_.close();
      return false;
    }
  }

 private:
  [[nodiscard]] Progress step(const std::string& name) {
    if (!is_open_) {
      const Progress progress = session_.handshake();
      is_open_ = progress == Progress::done;
      return progress;
    }
    if (!answer_.empty()) {
      const Progress progress = session_.send(answer_);
      if (progress == Progress::done) answer_.clear();
      return progress;
    }
    const std::size_t end = request_.find("\r\n\r\n");
    if (end != std::string::npos) {
      request_.erase(0, end + 4);
      answer_ = answer_of(name);
      return Progress::done;
    }
    if (request_.size() > request_bytes_max) return Progress::failed;
    return session_.receive(request_);
  }

  Descriptor socket_;
  TlsSession session_;
  bool is_open_ = false;
  short events_ = POLLIN;
  std::string request_;
  std::string answer_;
};

Result<Descriptor> listen_at(const Endpoint& endpoint) {
  auto socket = tcp_socket(endpoint.address.family);
  if (!socket) return socket.error();
  const int one = 1;
  ::setsockopt(socket->number(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const SocketAddress address = socket_address(endpoint);
  if (::bind(socket->number(), address.pointer(), address.length) != 0 ||
      ::listen(socket->number(), 512) != 0) {
    return system_error(errno, to_string(endpoint));
  }
  return socket;
}

void accept_all(int listener, const TlsContext& context, std::vector<Connection>& connections) {
  for (;;) {
    Descriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.is_open()) return;
    if (connections.size() >= apiserver_connections_max) continue;
    send_at_once(socket);
    auto session = TlsSession::over(socket.number(), context);
    if (session) connections.emplace_back(std::move(socket), std::move(*session));
  }
}

int serve(int listener, const TlsContext& context, const std::string& name) {
  std::vector<Connection> connections;
  std::vector<pollfd> waiting;
  while (!is(Mood::leaving)) {
    waiting.assign(1, {listener, POLLIN, 0});
    for (const Connection& connection : connections) waiting.push_back(connection.waiting());
    if (::poll(waiting.data(), waiting.size(), 100) < 0) continue;
    std::vector<Connection> living;
    for (std::size_t i = 0; i < connections.size(); ++i) {
      const bool is_quiet = waiting[i + 1].revents == 0;
      if (is_quiet || connections[i].advance(name)) living.push_back(std::move(connections[i]));
    }
    connections = std::move(living);
    if (waiting.front().revents != 0) accept_all(listener, context, connections);
  }
  return 0;
}

}  // namespace

int serve_apiserver(const std::string& name, const Endpoint& endpoint,
                    const std::function<void()>& ready) {
  take_over_signals();
  auto context = TlsContext::server(name, endpoint.address);
  auto listener = context ? listen_at(endpoint) : Result<Descriptor>(context.error());
  if (!listener) {
    ::fprintf(stderr, "%s: %s\n", name.c_str(), listener.error().sentence.c_str());
    return 1;
  }
  ready();
  return serve(listener->number(), *context, name);
}

}  // namespace hapx::appliance::lab
