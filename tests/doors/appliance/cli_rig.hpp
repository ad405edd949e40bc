// SPDX-License-Identifier: Apache-2.0
// How does a test run the real `hapx`?
//
// Against a small hapxd of its own: the production door and api in front of a made-up status.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/api.hpp"
#include "appliance/io/http_server.hpp"
#include "config/io/descriptor.hpp"

namespace hapx::appliance {

namespace fs = std::filesystem;

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

inline std::string content(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// Whether it comes to be so, within 20 s.
template <class Condition>
bool comes(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hapx-cli-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    socket_ = folder_ / "hapxd.sock";
    status_.cluster = ClusterName("kube-demo");
    status_.node = NodeName("node1");
    status_.quorate = true;
    status_.haproxy.fit = true;
    config_.name = status_.cluster;
    config_.nodes = {{NodeName("node1"), ipv4(10, 0, 0, 1), Role::full, 1},
                     {NodeName("node2"), ipv4(10, 0, 0, 2), Role::full, 1}};
    ServiceConfig service;
    service.name = ServiceName("api");
    service.vips = {{{ipv4(10, 0, 0, 9), 24}, InterfaceName("eth0")}};
    service.api_servers = {{"master", 6443}};
    config_.services = {service};
    ServiceStatus served;
    served.name = service.name;
    served.holder = NodeName("node1");
    served.vip = ResourceStatus::started;
    served.haproxy = ResourceStatus::started;
    served.reason = "api is on node1: it was here first";
    status_.services = {served};
    journal_.record({Instant{}, EventKind::lease, ServiceName("api"), FailoverPhase::lease_won,
                     "the lease of api is ours", "all voters agreed"});
  }

  void TearDown() override {
    stop();
    fs::remove_all(folder_);
  }

  /// hapxd is gone; `serve` brings the next one.
  void stop() {
    if (thread_.joinable()) {
      context_.stop();
      thread_.join();
      context_.restart();
    }
    server_.reset();
  }

  /// Does something where no request is being answered.
  void meanwhile(std::function<void()> change) {
    std::promise<void> done;
    boost::asio::post(context_, [&] {
      change();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// `on_...` answer an order; absent: nobody does.
  void serve(std::function<Respond(const MoveOrder&)> on_move = {},
             std::function<Respond(const RecordOrder&)> on_record = {},
             std::function<Respond(const CleanupOrder&)> on_cleanup = {},
             std::function<Respond(const ReloadOrder&)> on_reload = {}) {
    HttpServerOptions options;
    options.place = SocketPath{socket_};
    options.answer_time_max = std::chrono::milliseconds(200);
    auto opened =
        HttpServer::open(context_, options,
                         [this, on_move, on_record, on_cleanup, on_reload](RequestArrived request) {
                           const ApiAnswer answer =
                               handle(request, {status_, journal_, config_, haproxy_config_, now_});
                           if (const auto* respond = std::get_if<Respond>(&answer))
                             server_->respond(*respond);
                           const auto* order = std::get_if<MoveOrder>(&answer);
                           if (order && on_move) server_->respond(on_move(*order));
                           const auto* record = std::get_if<RecordOrder>(&answer);
                           if (record && on_record) server_->respond(on_record(*record));
                           const auto* cleanup = std::get_if<CleanupOrder>(&answer);
                           if (cleanup && on_cleanup) server_->respond(on_cleanup(*cleanup));
                           const auto* reload = std::get_if<ReloadOrder>(&answer);
                           if (reload && on_reload) server_->respond(on_reload(*reload));
                         });
    ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
    server_ = std::move(*opened);
    thread_ = std::thread([this] { context_.run(); });
  }

  /// hapx with our socket in its environment, while it runs.
  class Running {
   public:
    Running(fs::path out, fs::path err, pid_t child)
        : out_(std::move(out)), err_(std::move(err)), child_(child) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      if (child_ <= 0) return;
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }

    /// Waits until it has said this, for at most 20 s.
    bool says(const std::string& text, std::size_t times = 1) {
      return comes([&] {
        const std::string said = content(out_) + content(err_);
        std::size_t seen = 0;
        for (auto at = said.find(text); at != std::string::npos; at = said.find(text, at + 1)) {
          ++seen;
        }
        return seen >= times;
      });
    }
    void signal(int number) const { ::kill(child_, number); }
    /// Waits for its end, for at most 20 s.
    Ran end() {
      int how = 0;
      const bool ended = comes([&] { return ::waitpid(child_, &how, WNOHANG) != 0; });
      if (!ended) {
        ADD_FAILURE() << "hapx did not end";
        ::kill(child_, SIGKILL);
        ::waitpid(child_, &how, 0);
      }
      child_ = -1;
      return {WIFEXITED(how) ? WEXITSTATUS(how) : -1, content(out_), content(err_)};
    }

   private:
    fs::path out_;
    fs::path err_;
    pid_t child_;
  };

  /// Starts hapx; what it says goes to files, or to the terminal `screen`.
  Running start(const std::vector<std::string>& words, int screen = -1) {
    const fs::path out = folder_ / "out";
    const fs::path err = folder_ / "err";
    std::vector<std::string> all{HAPX_PROGRAM};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (std::string& word : all) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string variable = "HAPX_SOCKET=" + socket_;
    std::vector<const char*> environment{variable.c_str(), "PATH=/usr/bin:/bin", "TERM=xterm"};
    for (const std::string& each : environment_) environment.push_back(each.c_str());
    environment.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(screen >= 0 ? screen : ::open(out.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600),
             STDOUT_FILENO);
      ::dup2(::open(err.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDERR_FILENO);
      ::execve(argv[0], argv.data(), const_cast<char* const*>(environment.data()));
      ::_exit(127);
    }
    return {out, err, child};
  }

  /// Runs hapx to its end.
  Ran hapx(const std::vector<std::string>& words) { return start(words).end(); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  boost::asio::io_context context_;
  std::thread thread_;
  fs::path folder_;
  std::string socket_;
  Status status_;
  Journal journal_;
  ClusterConfig config_;
  std::string haproxy_config_ = "global\n";
  Instant now_{std::chrono::seconds(2)};  ///< as hapxd answers
  std::vector<std::string> environment_;  ///< of hapx, besides the socket
  std::optional<HttpServer> server_;
};

inline constexpr const char* good_file = R"(apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {name: kube-demo}
spec:
  nodes:
    - {name: node1, address: 10.0.0.1}
  services:
    - name: api
      vips: [{address: 10.0.0.9/24, interface: eth0}]
      apiServers: [master:6443]
)";

/// A network namespace of our own for as long as this lives; the thread returns to its old one.
class OwnNamespace {
 public:
  OwnNamespace()
      : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
        entered_(before_.is_open() && ::unshare(CLONE_NEWNET) == 0) {}
  ~OwnNamespace() {
    if (entered_) {
      EXPECT_EQ(::setns(before_.number(), CLONE_NEWNET), 0);
    }
  }
  OwnNamespace(const OwnNamespace&) = delete;
  OwnNamespace& operator=(const OwnNamespace&) = delete;
  [[nodiscard]] bool entered() const { return entered_; }

 private:
  Descriptor before_;
  bool entered_;
};

}  // namespace hapx::appliance
