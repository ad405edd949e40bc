// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/apiserver.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <vector>

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "appliance/lab/io/socket.hpp"
#include "appliance/lab/io/tls.hpp"
#include "appliance/lab/kube_answer.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr std::size_t request_bytes_max = 16 * 1024;
/// How long answers and streams may take to end when the stand-in is told to end.
constexpr Duration ending_patience = std::chrono::seconds(5);
/// A signal may come just before the wait for sockets begins.
constexpr Duration look_interval = std::chrono::milliseconds(100);

enum class Mood : sig_atomic_t { well, unready, failing, ending };
volatile sig_atomic_t mood = static_cast<sig_atomic_t>(Mood::well);

void be(Mood next) {
  mood = static_cast<sig_atomic_t>(next);
}
bool is(Mood which) {
  return mood == static_cast<sig_atomic_t>(which);
}

Mood mood_of(int signal) {
  switch (signal) {
    case SIGUSR1:
      return Mood::failing;
    case SIGHUP:
      return Mood::unready;
    case SIGTERM:
      return Mood::ending;
    default:
      return Mood::well;
  }
}

void take_over_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) {
    // Who has begun to end does not go back.
    if (!is(Mood::ending)) be(mood_of(signal));
  };
  for (const int signal : {SIGUSR1, SIGUSR2, SIGHUP, SIGTERM}) {
    ::sigaction(signal, &action, nullptr);
  }
  ::signal(SIGPIPE, SIG_IGN);
}

Condition condition() {
  if (is(Mood::failing)) return Condition::failing;
  return is(Mood::unready) || is(Mood::ending) ? Condition::unready : Condition::well;
}

/// One connection: handshake, then requests and answers in turn until the client leaves. After the
/// head of a stream its chunks follow, as long as the stand-in goes on.
class Connection {
 public:
  Connection(Descriptor socket, TlsSession session)
      : socket_(std::move(socket)), session_(std::move(session)) {}

  [[nodiscard]] pollfd waiting() const { return {socket_.number(), events_, 0}; }
  /// When the next chunk is to be said; absent: nothing is due.
  [[nodiscard]] std::optional<Instant> next_deadline() const {
    return stream_ && answer_.empty() ? std::optional(due_) : std::nullopt;
  }

  /// Goes on as far as possible; false when the connection is over.
  [[nodiscard]] bool advance(const std::string& name, Instant now) {
    for (;;) {
      const Progress progress = step(name, now);
      if (progress == Progress::done) continue;
      events_ = progress == Progress::wants_write ? POLLOUT : POLLIN;
      if (progress == Progress::wants_read || progress == Progress::wants_write) return true;
      session_.close();
      return false;
    }
  }

 private:
  [[nodiscard]] Progress step(const std::string& name, Instant now) {
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
    if (stream_) return go_on_with_stream(name, now);
    const std::size_t end = request_.find("\r\n\r\n");
    if (end != std::string::npos) {
      KubeAnswer answer = kube_answer(std::string_view(request_).substr(0, end), name, condition());
      request_.erase(0, end + 4);
      answer_ = std::move(answer.text);
      stream_ = std::move(answer.stream);
      due_ = now;
      was_served_ = true;
      return Progress::done;
    }
    if (is(Mood::ending) && was_served_ && request_.empty()) return Progress::closed;
    if (request_.size() > request_bytes_max) return Progress::failed;
    return session_.receive(request_);
  }

  [[nodiscard]] Progress go_on_with_stream(const std::string& name, Instant now) {
    if (is(Mood::ending)) {
      answer_ = last_chunk;
      stream_.reset();
      return Progress::done;
    }
    if (now >= due_) {
      answer_ = next_chunk(*stream_, name, ++chunk_);
      due_ += stream_->interval;
      return Progress::done;
    }
    // A client has nothing to say here; it can only leave.
    std::string said;
    return session_.receive(said);
  }

  Descriptor socket_;
  TlsSession session_;
  bool is_open_ = false;
  bool was_served_ = false;
  short events_ = POLLIN;
  std::string request_;
  std::string answer_;
  std::optional<KubeStream> stream_;
  Instant due_;
  std::uint64_t chunk_ = 0;
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

/// How long to wait for sockets, in milliseconds.
int patience(const std::vector<Connection>& connections) {
  const Instant now = boot_now();
  Duration wait = look_interval;
  for (const Connection& connection : connections) {
    const auto due = connection.next_deadline();
    if (due) wait = std::clamp(*due - now, Duration(0), wait);
  }
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

int serve(Descriptor listener, const TlsContext& context, const std::string& name) {
  std::vector<Connection> connections;
  std::vector<pollfd> waiting;
  std::optional<Instant> end;
  while (!end || (!connections.empty() && boot_now() < *end)) {
    waiting.assign(1, {listener.number(), POLLIN, 0});
    for (const Connection& connection : connections) waiting.push_back(connection.waiting());
    if (::poll(waiting.data(), waiting.size(), patience(connections)) < 0) continue;
    const Instant now = boot_now();
    std::vector<Connection> living;
    for (std::size_t i = 0; i < connections.size(); ++i) {
      const auto due = connections[i].next_deadline();
      const bool is_quiet =
          waiting[i + 1].revents == 0 && !is(Mood::ending) && (!due || now < *due);
      if (is_quiet || connections[i].advance(name, now)) {
        living.push_back(std::move(connections[i]));
      }
    }
    connections = std::move(living);
    if (listener.is_open()) accept_all(listener.number(), context, connections);
    if (is(Mood::ending) && !end) {
      end = now + ending_patience;
      listener.close();
    }
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
  return serve(std::move(*listener), *context, name);
}

}  // namespace hapx::appliance::lab
