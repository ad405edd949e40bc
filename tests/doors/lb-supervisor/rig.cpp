// SPDX-License-Identifier: Apache-2.0
#include "rig.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/io/clock.hpp"
#include "lb-supervisor/io/haproxy_keeper.hpp"

namespace hapx::lb_supervisor {

using std::chrono::milliseconds;

std::optional<std::string> enter_fresh_network() {
  if (::unshare(CLONE_NEWNET) != 0) {
    return std::string("no right to make a network namespace: ") + std::strerror(errno);
  }
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP;
  const int status = ::ioctl(socket, SIOCSIFFLAGS, &request);
  ::close(socket);
  if (status != 0) return "cannot bring lo up";
  return std::nullopt;
}

void add_address(const std::string& cidr) {
  ASSERT_EQ(std::system(("ip address add " + cidr + " dev lo").c_str()), 0);
}

RunDirectory::RunDirectory() {
  char name[] = "/tmp/hapx-doors-XXXXXX";
  const char* made = ::mkdtemp(name);
  if (made != nullptr) path_ = made;
}

RunDirectory::~RunDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string RunDirectory::read(const std::string& name) const {
  std::ifstream file(path_ + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void RunDirectory::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ + "/" + name) << text;
}

KeeperProcess::KeeperProcess(const std::string& run_dir, const std::string& haproxy) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(ends[1]);
    ::_exit(run_haproxy_keeper({run_dir, haproxy, ends[0]}));
  }
  ::close(ends[0]);
  lifeline_ = ends[1];
}

KeeperProcess::~KeeperProcess() {
  cut_lifeline();
  if (pid_ <= 0) return;
  kill(SIGCONT);
  (void)wait();
}

void KeeperProcess::kill(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

void KeeperProcess::cut_lifeline() {
  if (lifeline_ >= 0) ::close(lifeline_);
  lifeline_ = -1;
}

int KeeperProcess::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool is_running(pid_t pid) {
  // A zombie has ended.
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto after_name = text.rfind(") ");
  return after_name != std::string::npos && text[after_name + 2] != 'Z';
}

bool becomes_true(const std::function<bool()>& holds) {
  const auto end = boot_now() + patience;
  while (!holds()) {
    if (boot_now() > end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

std::string comm_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

Rig::Rig(const std::string& run_dir, SupervisorOptions options)
    : supervisor(options), deadline_(io) {
  const auto paths = haproxy_paths(run_dir);
  auto child = ChildProcess::open(io, haproxy_keeper_socket(run_dir), [this](auto event) {
    std::visit([this](const auto& each) { take(supervisor.step(each, boot_now())); }, event);
  });
  auto probe = SelfProbe::open(io, paths.probe_socket, [this](auto event) {
    std::visit([this](const auto& each) { take(supervisor.step(each, boot_now())); }, event);
  });
  auto runtime = RuntimeSocket::open(io, paths.runtime_socket, [this](const auto& event) {
    take(supervisor.step(event, boot_now()));
  });
  if (child && probe && runtime) {
    child_ = std::move(*child);
    probe_ = std::move(*probe);
    runtime_ = std::move(*runtime);
  }
}

void Rig::start(const RenderedHaproxy& rendered) {
  take(supervisor.start(rendered, boot_now()));
}

void Rig::take(Outcome outcome) {
  struct Interpreter {
    void operator()(const CheckHaproxyConfig& action) { rig.child_->check_config(action); }
    void operator()(const StartHaproxy& action) { rig.child_->start(action); }
    void operator()(const RetireHaproxy& action) { rig.child_->retire(action); }
    void operator()(const KillHaproxy& action) { rig.child_->kill(action); }
    void operator()(const ProbeHaproxy& action) { rig.probe_->probe(action); }
    void operator()(const AmendHaproxy& action) { rig.runtime_->tell(action); }
    void operator()(const AskBackends& action) { rig.runtime_->ask(action); }
    Rig& rig;
  };
  for (const auto& action : outcome.actions) std::visit(Interpreter{*this}, action);
  news.insert(news.end(), outcome.news.begin(), outcome.news.end());
  arm();
}

void Rig::arm() {
  const auto next = supervisor.next_deadline();
  if (!next) {
    deadline_.cancel();
    return;
  }
  deadline_.expires_after(std::max(Duration(0), *next - boot_now()));
  deadline_.async_wait([this](boost::system::error_code error) {
    if (!error) take(supervisor.step(boot_now()));
  });
}

bool Rig::run_until(const std::function<bool()>& holds) {
  const auto end = boot_now() + patience;
  while (!holds()) {
    if (boot_now() > end) return false;
    io.restart();
    (void)io.run_one_for(milliseconds(100));
  }
  return true;
}

void Rig::run_for(Duration duration) {
  io.restart();
  (void)io.run_for(duration);
}

std::optional<HaproxyFailed> Rig::next_failure() {
  while (failures_seen_ < news.size()) {
    if (const auto* failed = std::get_if<HaproxyFailed>(&news[failures_seen_++])) return *failed;
  }
  return std::nullopt;
}

ClusterConfig one_service(const std::string& vip, const std::vector<std::string>& servers,
                          HealthCheckMode mode) {
  ClusterConfig config;
  config.nodes = {{NodeName("node1"), ipv4(127, 0, 0, 1), Role::full, 1}};
  ServiceConfig service;
  service.name = ServiceName("api");
  service.vips = {{Cidr{*parse_ip(vip), 32}, InterfaceName("lo")}};
  for (const auto& server : servers) service.api_servers.push_back({server, 6443});
  service.health_check.mode = mode;
  config.services = {service};
  return config;
}

Visit visit(const std::string& address, Duration time_out) {
  Visit result;
  const auto begin = boot_now();
  const auto end_with = [&](const char* what) {
    result.error = std::string(what) + ": " + std::strerror(errno);
    return result;
  };
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{std::chrono::duration_cast<std::chrono::seconds>(time_out).count(), 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(6443);
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    end_with("connect");
  } else {
    char buffer[512];
    ssize_t count = 0;
    while ((count = ::recv(socket, buffer, sizeof buffer, 0)) > 0) {
      result.answer.append(buffer, static_cast<std::size_t>(count));
    }
    if (count < 0) end_with("recv");
    if (count == 0 && result.answer.empty()) result.error = "closed without an answer";
  }
  ::close(socket);
  result.took = boot_now() - begin;
  return result;
}

}  // namespace hapx::lb_supervisor
