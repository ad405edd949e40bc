// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/io/prober.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <poll.h>
#include <signal.h>
#include <time.h>

#include "appliance/lab/io/socket.hpp"
#include "appliance/lab/io/tls.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::drill {
namespace {

using lab::Progress;

constexpr std::size_t in_flight_max = 600;
constexpr std::string_view question =
    "GET /readyz HTTP/1.1\r\nHost: kubernetes\r\nConnection: close\r\n\r\n";

using Log = SharedLog<Prober::Entry>;

/// Who is told that strangers may not ask has reached a kube-apiserver that lives.
bool is_served(std::string_view answer) {
  return std::ranges::any_of(std::array{"200 ", "401 ", "403 "}, [&](const char* status) {
    return answer.starts_with(std::string("HTTP/1.1 ") + status);
  });
}

std::int64_t number(Instant instant) {
  return instant.time_since_epoch().count();
}

/// One request on its way: connect, handshake, question, answer.
class Attempt {
 public:
  Attempt(Descriptor socket, lab::TlsSession session, Prober::Entry& entry, Instant start)
      : socket_(std::move(socket)), session_(std::move(session)), entry_(&entry), start_(start) {}

  [[nodiscard]] pollfd waiting() const { return {socket_.number(), events_, 0}; }
  [[nodiscard]] bool is_overdue(Instant now) const { return now - start_ >= request_patience; }

  /// Goes on as far as possible; false when the request has ended.
  [[nodiscard]] bool advance() {
    for (;;) {
      const Progress progress = step();
      if (progress == Progress::done && stage_ == Stage::answered) {
        session_.close();
        end(is_served(answer_) ? Fate::served : Fate::failed);
        return false;
      }
      if (progress == Progress::done) continue;
      events_ = progress == Progress::wants_write ? POLLOUT : POLLIN;
      if (progress == Progress::wants_read || progress == Progress::wants_write) return true;
      end(Fate::failed);
      return false;
    }
  }

  void end(Fate fate) {
    entry_->end.store(number(boot_now()), std::memory_order_relaxed);
    entry_->fate.store(fate, std::memory_order_release);
  }

 private:
  enum class Stage { connecting, shaking_hands, asking, listening, answered };

  [[nodiscard]] Progress step() {
    Progress progress = Progress::failed;
    switch (stage_) {
      case Stage::connecting:
        progress = connected();
        break;
      case Stage::shaking_hands:
        progress = session_.handshake();
        break;
      case Stage::asking:
        progress = session_.send(question);
        break;
      case Stage::listening:
        progress = session_.receive(answer_);
        if (progress == Progress::done && answer_.find("\r\n\r\n") == std::string::npos) {
          return progress;
        }
        break;
      case Stage::answered:
        return Progress::done;
    }
    if (progress == Progress::done) stage_ = static_cast<Stage>(static_cast<int>(stage_) + 1);
    return progress;
  }

  [[nodiscard]] Progress connected() const {
    pollfd state{socket_.number(), POLLOUT, 0};
    if (::poll(&state, 1, 0) == 0) return Progress::wants_write;
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error == 0 ? Progress::done : Progress::failed;
  }

  Descriptor socket_;
  lab::TlsSession session_;
  Prober::Entry* entry_;
  Instant start_;
  Stage stage_ = Stage::connecting;
  short events_ = POLLOUT;
  std::string answer_;
};

/// nullopt: it has ended already, and its entry says how.
std::optional<Attempt> begin(const lab::SocketAddress& server, const lab::TlsContext& context,
                             const Log& log) {
  Prober::Entry* entry = log.next();
  if (entry == nullptr) return std::nullopt;
  const Instant start = boot_now();
  entry->start.store(number(start), std::memory_order_relaxed);
  log.publish();
  auto socket = lab::tcp_socket(server.bytes.ss_family == AF_INET ? Family::ipv4 : Family::ipv6);
  if (socket) {
    const int result = ::connect(socket->number(), server.pointer(), server.length);
    auto session = lab::TlsSession::over(socket->number(), context);
    if (session && (result == 0 || errno == EINPROGRESS)) {
      return Attempt(std::move(*socket), std::move(*session), *entry, start);
    }
  }
  entry->end.store(number(boot_now()), std::memory_order_relaxed);
  entry->fate.store(Fate::failed, std::memory_order_release);
  return std::nullopt;
}

/// Waits until a request can go on or the instant has come.
void wait(std::vector<pollfd>& waiting, Instant until) {
  const Duration left = std::max(until - boot_now(), Duration::zero());
  const timespec timeout{std::chrono::duration_cast<std::chrono::seconds>(left).count(),
                         static_cast<long>((left % std::chrono::seconds(1)).count())};
  if (::ppoll(waiting.data(), waiting.size(), &timeout, nullptr) < 0) {
    for (pollfd& one : waiting) one.revents = 0;
  }
}

int probe(const View& view, const lab::TlsContext& context, const Log& log) {
  const lab::SocketAddress server = lab::socket_address(view.endpoint);
  std::vector<Attempt> attempts;
  std::vector<pollfd> waiting;
  for (Instant next = boot_now();;) {
    if (boot_now() >= next) {
      next = next_beat(next, boot_now(), view.beat);
      if (attempts.size() < in_flight_max) {
        if (auto attempt = begin(server, context, log)) attempts.push_back(std::move(*attempt));
      }
    }
    waiting.clear();
    for (const Attempt& attempt : attempts) waiting.push_back(attempt.waiting());
    wait(waiting, next);
    const Instant now = boot_now();
    std::vector<Attempt> pending;
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      if (waiting[i].revents != 0 && !attempts[i].advance()) continue;
      if (attempts[i].is_overdue(now)) {
        attempts[i].end(Fate::failed);
      } else {
        pending.push_back(std::move(attempts[i]));
      }
    }
    attempts = std::move(pending);
  }
}

}  // namespace

Result<Prober> Prober::start(const View& view, Duration longest) {
  auto log = Log::open(static_cast<std::size_t>(longest / view.beat));
  if (!log) return log.error();
  auto context = lab::TlsContext::client();
  if (!context) return context.error();
  auto instrument =
      Instrument::start(view.netns, "lab-prober", [&](const std::function<void()>& ready) {
        ::signal(SIGPIPE, SIG_IGN);
        ready();
        return probe(view, *context, *log);
      });
  if (!instrument) return instrument.error();
  return Prober(std::move(*log), std::move(*instrument));
}

std::vector<Request> Prober::requests(Instant from) const {
  std::vector<Request> found;
  for (std::size_t i = log_.size(); i-- > 0;) {
    const Entry& entry = log_[i];
    Request request;
    request.fate = entry.fate.load(std::memory_order_acquire);
    request.start = Instant(Duration(entry.start.load(std::memory_order_relaxed)));
    request.end = Instant(Duration(entry.end.load(std::memory_order_relaxed)));
    if (request.start < from) break;
    found.push_back(request);
  }
  std::ranges::reverse(found);
  return found;
}

}  // namespace hapx::appliance::drill
