// SPDX-License-Identifier: Apache-2.0
// Who uses the endpoint while a test does something to it?
//
// `Requests` begins new connections at a fixed rate, one request each, as `kubectl get` does.
// `Streams` holds connections open and says something on each now and then, as watches do. Both
// speak TLS to the VIP from the lab's client, in threads of their own, and count what became of it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "appliance/lab/io/cable.hpp"
#include "appliance/lab/io/socket.hpp"
#include "appliance/lab/io/tls.hpp"
#include "appliance/lab/plan.hpp"
#include "config/io/clock.hpp"

namespace hapx::appliance::lab {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// One connection to the VIP.
class Client {
 public:
  Client(const Plan& plan, const TlsContext& context) : context_(context) {
    auto socket = tcp_socket(plan.vip.address.family);
    if (!socket) return;
    socket_ = std::move(*socket);
    send_at_once(socket_);
    const auto address = socket_address({plan.vip.address, plan.port});
    const int begun = ::connect(socket_.number(), address.pointer(), address.length);
    if (begun != 0 && errno != EINPROGRESS) trouble_ = "connect: " + std::string(strerror(errno));
  }

  /// Everything up to a request that can be sent. An empty text: it is well.
  std::string begin(Instant deadline) {
    if (!trouble_.empty()) return trouble_;
    if (!wait(POLLOUT, deadline)) return "connect: no answer";
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_.number(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return "connect: " + std::string(strerror(error));
    auto session = TlsSession::over(socket_.number(), context_);
    if (!session) return session.error().sentence;
    session_.emplace(std::move(*session));
    return go_on("handshake", deadline, [&] { return session_->handshake(); });
  }

  /// A request and its whole answer; the connection stays.
  std::string ask(Instant deadline) {
    auto trouble = say("/livez", deadline);
    if (!trouble.empty()) return trouble;
    std::string answer;
    while (answer.find("\r\n\r\n") == std::string::npos || !answer.ends_with('\n')) {
      trouble = go_on("answer", deadline, [&] { return session_->receive(answer); });
      if (!trouble.empty()) return trouble;
    }
    heard_ = answer;
    return answer.starts_with("HTTP/1.1 200") ? "" : answer.substr(0, answer.find('\r'));
  }

  /// Begins a watch; it comes until `hear` says that it has ended.
  std::string watch(Instant deadline) {
    return say("/api/v1/namespaces/default/pods?watch=true", deadline);
  }
  /// Takes what has come of a watch.
  Progress hear() {
    Progress progress = Progress::done;
    while (progress == Progress::done) progress = session_->receive(heard_);
    return progress;
  }
  [[nodiscard]] const std::string& heard() const { return heard_; }
  /// Which kube-apiserver has answered.
  [[nodiscard]] std::string answered_by() const {
    constexpr std::string_view header = "\r\nServer: ";
    const auto begin = heard_.find(header);
    if (begin == std::string::npos) return "nobody";
    const auto name = begin + header.size();
    return heard_.substr(name, heard_.find('\r', name) - name);
  }

 private:
  bool wait(short events, Instant deadline) const {
    const auto left = std::chrono::ceil<milliseconds>(deadline - boot_now()).count();
    pollfd waiting{socket_.number(), events, 0};
    return left > 0 && ::poll(&waiting, 1, static_cast<int>(left)) == 1;
  }
  template <class Step>
  std::string go_on(const char* what, Instant deadline, Step step) {
    for (;;) {
      const Progress progress = step();
      if (progress == Progress::done) return {};
      if (progress == Progress::closed) return std::string(what) + ": closed";
      if (progress == Progress::failed) return std::string(what) + ": broken";
      if (!wait(progress == Progress::wants_write ? POLLOUT : POLLIN, deadline)) {
        return std::string(what) + ": no answer";
      }
    }
  }

  std::string say(const std::string& target, Instant deadline) {
    const std::string question = "GET " + target + " HTTP/1.1\r\nHost: kubernetes\r\n\r\n";
    return go_on("request", deadline, [&] { return session_->send(question); });
  }

  const TlsContext& context_;
  Descriptor socket_;
  std::optional<TlsSession> session_;
  std::string trouble_;
  std::string heard_;
};

/// What came of many attempts.
struct Tally {
  std::size_t attempts = 0;
  std::size_t failures = 0;
  Duration slowest{0};
  std::string sample;  ///< of the failures
  /// When the last connection began that was answered by each kube-apiserver.
  std::map<std::string, Instant> last_begun;

  void add(const std::string& trouble, Duration took) {
    ++attempts;
    slowest = std::max(slowest, took);
    if (trouble.empty()) return;
    ++failures;
    sample = trouble;
  }
};

/// A thread among the clients. `plan` outlives it.
inline std::thread thread_among_clients(const Plan& plan, std::function<void()> work) {
  return std::thread([&plan, work = std::move(work)] {
    static_cast<void>(within(plan.client_netns, [&]() -> Result<void> {
      work();
      return {};
    }));
  });
}

class Requests {
 public:
  Requests(const Plan& plan, unsigned per_second) {
    for (unsigned i = 0; i < threads_count; ++i) {
      threads_.push_back(thread_among_clients(plan, [this, &plan, i, per_second] {
        run(plan, i, Duration(seconds(threads_count)) / per_second);
      }));
    }
  }
  ~Requests() { stop(); }
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  Tally stop() {
    stopped_ = true;
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    return tally_;
  }

  [[nodiscard]] double per_second() const {
    return static_cast<double>(tally_.attempts) / std::chrono::duration<double>(ran_).count();
  }

 private:
  static constexpr unsigned threads_count = 24;

  void run(const Plan& plan, unsigned place, Duration interval) {
    const auto context = TlsContext::client();
    if (!context) return;
    const Instant began = boot_now();
    Instant next = began + interval * place / threads_count;
    while (!stopped_) {
      if (boot_now() < next) {
        std::this_thread::sleep_for(next - boot_now());
        continue;
      }
      const Instant start = boot_now();
      next = std::max(next + interval, start - interval * 10);  // what is late is made up for
      Client client(plan, *context);
      auto trouble = client.begin(start + seconds(10));
      if (trouble.empty()) trouble = client.ask(start + seconds(10));
      const std::lock_guard lock(mutex_);
      tally_.add(trouble, boot_now() - start);
      auto& last = tally_.last_begun[client.answered_by()];
      last = std::max(last, start);
      ran_ = boot_now() - began;
    }
  }

  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  Tally tally_;
  Duration ran_{0};
  std::vector<std::thread> threads_;
};

class Streams {
 public:
  Streams(const Plan& plan, std::size_t count) {
    thread_ = thread_among_clients(plan, [this, &plan, count] { run(plan, count); });
    while (!begun_) std::this_thread::yield();
  }
  ~Streams() { static_cast<void>(stop()); }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// How many live, after each has been asked once more.
  std::size_t stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
    return living_;
  }
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void run(const Plan& plan, std::size_t count) {
    const auto context = TlsContext::client();
    std::vector<Client> clients;
    for (std::size_t i = 0; context && i < count; ++i) {
      clients.emplace_back(plan, *context);
      if (!clients.back().begin(boot_now() + seconds(10)).empty()) clients.pop_back();
    }
    begun_ = true;
    bool last_round = false;
    while (!last_round) {
      last_round = stopped_;
      std::vector<Client> living;
      for (Client& client : clients) {
        const Instant start = boot_now();
        const auto trouble = client.ask(start + seconds(10));
        tally_.add(trouble, boot_now() - start);
        if (trouble.empty()) living.push_back(std::move(client));
      }
      clients = std::move(living);
      if (!last_round) std::this_thread::sleep_for(milliseconds(100));
    }
    living_ = clients.size();
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> begun_ = false;
  std::size_t living_ = 0;
  Tally tally_;
  std::thread thread_;
};

}  // namespace hapx::appliance::lab
