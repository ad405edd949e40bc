// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/haproxy_keeper.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "config/time.hpp"
#include "lb-supervisor/haproxy_words.hpp"
#include "lb-supervisor/io/child.hpp"
#include "lb-supervisor/io/listening_sockets.hpp"
#include "lb-supervisor/io/packet.hpp"
#include "lb-supervisor/keeper_message.hpp"

namespace hapx::lb_supervisor {
namespace {

using std::chrono::milliseconds;

/// Longer than an earlier keeper and its HAProxy take to end after SIGKILL.
constexpr Duration lock_patience = std::chrono::seconds(5);
constexpr Duration check_max = std::chrono::seconds(30);
constexpr std::size_t output_bytes_max = 4096;
constexpr int packets_per_turn_max = 16;
constexpr rlim_t descriptors_wanted = rlim_t{1} << 20U;

Duration monotonic() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

/// Replaces the file at once: a reader finds the old text or the new one.
Result<void> write_file(const std::string& path, std::string_view text) {
  const auto draft = path + ".new";
  const auto what = "cannot write " + draft;
  ::unlink(draft.c_str());
  const Descriptor file(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return system_error(errno, what);
  while (!text.empty()) {
    const auto count = ::write(file.number(), text.data(), text.size());
    if (count < 0) {
      const auto reason = errno;
      ::unlink(draft.c_str());
      return system_error(reason, what);
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return system_error(errno, what);
  return {};
}

class Keeper {
 public:
  explicit Keeper(const HaproxyKeeperOptions& options) : options_(options) {}

  /// Gets everything that can fail before the first client.
  Result<void> begin();
  void serve();

 private:
  struct Running {
    Child child;
    std::uint64_t generation = 0;
    std::string config;
    std::string last_words;
  };
  struct Checking {
    Child child;
    std::uint64_t generation = 0;
    std::string output;
    Duration until;
  };
  enum Place { lifeline, signals, listener, client, haproxy, haproxy_output, check, check_output };
  using Polled = std::array<pollfd, 8>;

  Result<void> take_lock();
  Result<void> listen();
  /// Waits for something to happen, at most until `until`.
  Polled wait(std::optional<Duration> until);
  void look_for_end(const Polled& polled);

  void accept_client();
  void read_client();
  void carry_out(CheckHaproxyConfig request);
  void carry_out(StartHaproxy request);
  void carry_out(const KillHaproxy& request);
  void answer(const KeeperAnswer& answer, int text = -1);
  Result<Child> start_child(const std::string& config_path, const std::string& config,
                            const std::vector<ListenSocket>& sockets, bool only_check);
  void relay_output();
  void end_check();
  void end_haproxy();

  [[nodiscard]] std::string path(const char* name) const { return options_.run_dir + "/" + name; }

  HaproxyKeeperOptions options_;
  Descriptor lock_;
  Descriptor signals_;
  Descriptor listener_;
  Descriptor client_;
  ListeningSockets sockets_;
  std::optional<Running> haproxy_;
  std::optional<Checking> check_;
  bool ended_ = false;
};

Result<void> Keeper::begin() {
  ::prctl(PR_SET_NAME, "haproxy-keeper");
  ::setsid();  // a Ctrl-C for hapxd is not for us: we end when it has ended in order
  ::umask(077);
  const sched_param ordinary{};
  ::sched_setscheduler(0, SCHED_OTHER, &ordinary);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  sigset_t ends;
  sigemptyset(&ends);
  for (const int number : {SIGTERM, SIGINT}) {
    ::signal(number, SIG_DFL);
    sigaddset(&ends, number);
  }
  ::sigprocmask(SIG_SETMASK, &ends, nullptr);
  signals_ = Descriptor(::signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.is_open()) return system_error(errno, "cannot watch signals");
  (void)haproxy_descriptor_limit();
  if (auto taken = take_lock(); !taken || ended_) return taken;
  return listen();
}

Result<void> Keeper::take_lock() {
  const auto file = path("haproxy-keeper.lock");
  lock_ = Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock_.is_open()) return system_error(errno, "cannot open " + file);
  const auto patience_ends = monotonic() + lock_patience;
  while (::flock(lock_.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return system_error(errno, "cannot lock " + file);
    if (monotonic() > patience_ends) {
      return Error{ErrorKind::unavailable, "another keeper holds " + file, EWOULDBLOCK};
    }
    look_for_end(wait(monotonic() + milliseconds(5)));
    if (ended_) return {};
  }
  return {};
}

Result<void> Keeper::listen() {
  const auto file = haproxy_keeper_socket(options_.run_dir);
  const auto address = unix_address(file);
  if (!address) return address.error();
  listener_ = Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ::unlink(file.c_str());  // we have the lock, so it is a dead one's
  if (!listener_.is_open() ||
      ::bind(listener_.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) !=
          0 ||
      ::chmod(file.c_str(), 0660) != 0 || ::listen(listener_.number(), 4) != 0) {
    return system_error(errno, "cannot listen at " + file);
  }
  return {};
}

Keeper::Polled Keeper::wait(std::optional<Duration> until) {
  Polled polled{};
  const auto watch = [&](Place place, int number) { polled[place] = {number, POLLIN, 0}; };
  watch(lifeline, options_.lifeline);
  watch(signals, signals_.number());
  watch(listener, listener_.number());
  watch(client, client_.number());
  watch(haproxy, haproxy_ ? haproxy_->child.pidfd() : -1);
  watch(haproxy_output, haproxy_ ? haproxy_->child.output() : -1);
  watch(check, check_ ? check_->child.pidfd() : -1);
  watch(check_output, check_ ? check_->child.output() : -1);
  int patience = -1;
  if (until) {
    const auto left = std::chrono::ceil<milliseconds>(*until - monotonic()).count();
    patience = static_cast<int>(std::max<std::int64_t>(0, left));
  }
  if (::poll(polled.data(), polled.size(), patience) < 0) {
    for (auto& each : polled) each.revents = 0;
  }
  return polled;
}

void Keeper::look_for_end(const Polled& polled) {
  if (polled[signals].revents != 0) ended_ = true;
  if (polled[lifeline].revents == 0) return;
  std::array<char, 64> ignored{};
  const auto count = ::read(options_.lifeline, ignored.data(), ignored.size());
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) ended_ = true;
}

void Keeper::serve() {
  while (!ended_) {
    const auto polled = wait(check_ ? std::optional(check_->until) : std::nullopt);
    look_for_end(polled);
    if (polled[haproxy_output].revents != 0 || polled[haproxy].revents != 0) relay_output();
    if (polled[haproxy].revents != 0) end_haproxy();
    if (check_ && (polled[check].revents != 0 || polled[check_output].revents != 0 ||
                   monotonic() >= check_->until)) {
      if (polled[check].revents == 0 && monotonic() >= check_->until) check_->child.kill();
      end_check();
    }
    if (polled[client].revents != 0) read_client();
    if (polled[listener].revents != 0) accept_client();
  }
  // Without the lock we never listened, and the socket there is another's.
  if (listener_.is_open()) ::unlink(haproxy_keeper_socket(options_.run_dir).c_str());
}

void Keeper::accept_client() {
  Descriptor next(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!next.is_open()) return;
  client_ = std::move(next);
  check_.reset();  // nobody waits for its answer any more
  KeeperConnected connected;
  Descriptor text;
  if (haproxy_) {
    connected.running = KeeperConnected::Running{haproxy_->generation, haproxy_->child.pid(), {}};
    auto made = text_in_memory(haproxy_->config);
    if (!made) return client_.close();
    text = std::move(*made);
  }
  answer(connected, text.number());
}

void Keeper::read_client() {
  for (int i = 0; i < packets_per_turn_max && client_.is_open(); ++i) {
    auto received = receive_packet(client_.number());
    if (!received) return client_.close();
    if (!*received) return;
    const auto request = decode_request((**received).bytes);
    if (!request) return client_.close();
    if (const auto* kill = std::get_if<KillHaproxy>(&*request)) {
      carry_out(*kill);
      continue;
    }
    auto config = read_text((**received).text, config_bytes_max);
    if (!config) return client_.close();
    if (auto copy = *request; auto* to_check = std::get_if<CheckHaproxyConfig>(&copy)) {
      to_check->config = std::move(*config);
      carry_out(std::move(*to_check));
    } else if (auto* to_start = std::get_if<StartHaproxy>(&copy)) {
      to_start->config = std::move(*config);
      carry_out(std::move(*to_start));
    }
  }
}

void Keeper::carry_out(CheckHaproxyConfig request) {
  check_.reset();
  auto child = start_child(path("haproxy-check.cfg"), request.config, request.sockets, true);
  if (!child) return answer(HaproxyConfigRefused{request.generation, child.error().sentence});
  check_ = Checking{std::move(*child), request.generation, {}, monotonic() + check_max};
}

void Keeper::carry_out(StartHaproxy request) {
  if (haproxy_ && haproxy_->generation == request.generation) {
    return answer(HaproxyStarted{request.generation, haproxy_->child.pid()});
  }
  if (haproxy_) {
    return answer(HaproxyStartFailed{request.generation, "another HAProxy is still running"});
  }
  auto child = start_child(path("haproxy.cfg"), request.config, request.sockets, false);
  if (!child) return answer(HaproxyStartFailed{request.generation, child.error().sentence});
  sockets_.keep_only(request.sockets);
  const auto pid = child->pid();
  haproxy_ = Running{std::move(*child), request.generation, std::move(request.config), {}};
  answer(HaproxyStarted{request.generation, pid});
}

void Keeper::carry_out(const KillHaproxy& request) {
  if (haproxy_ && haproxy_->generation == request.generation) return haproxy_->child.kill();
  answer(HaproxyExited{request.generation, "it was not running"});
}

void Keeper::answer(const KeeperAnswer& answer, int text) {
  // A client that does not take its answers is let go; it learns the truth when it connects again.
  if (client_.is_open() && !send_packet(client_.number(), encode(answer), text)) client_.close();
}

Result<Child> Keeper::start_child(const std::string& config_path, const std::string& config,
                                  const std::vector<ListenSocket>& sockets, bool only_check) {
  auto program = find_program(options_.haproxy);
  if (!program) return program.error();
  if (auto opened = sockets_.open(sockets); !opened) return opened.error();
  if (auto written = write_file(config_path, config); !written) return written.error();
  ChildOptions options;
  options.program = std::move(*program);
  options.arguments = {only_check ? "-c" : "-db", "-f", config_path};
  // A name server that is silent delays a start by 2 s per host name instead of 10
  // (resolv.conf(5)).
  options.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                         "RES_OPTIONS=timeout:1 attempts:2"};
  for (const auto& socket : sockets) {
    const auto number = sockets_.number_of(socket.endpoint);
    options.environment.push_back(socket.variable + "=" + std::to_string(number));
    options.inherited.push_back(number);
  }
  if (!only_check) options.inherited.push_back(lock_.number());
  return Child::start(options);
}

/// HAProxy's own lines go to our stderr; their end is kept for the report of its death.
void Keeper::relay_output() {
  std::string text;
  haproxy_->child.read_output(text);
  if (text.empty()) return;
  haproxy_->last_words += text;
  if (haproxy_->last_words.size() > output_bytes_max) {
    haproxy_->last_words.erase(0, haproxy_->last_words.size() - output_bytes_max);
  }
  pollfd out{STDERR_FILENO, POLLOUT, 0};  // a reader who stopped reading must not stop us
  if (::poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  }
}

void Keeper::end_check() {
  std::string output;
  check_->child.read_output(output);
  if (check_->output.size() < output_bytes_max) check_->output += output;
  pollfd gone{check_->child.pidfd(), POLLIN, 0};
  const bool too_late = monotonic() >= check_->until;
  if (!too_late && ::poll(&gone, 1, 0) != 1) return;
  const auto how = check_->child.how_it_ended();
  const auto generation = check_->generation;
  if (check_->child.succeeded()) {
    answer(HaproxyConfigAccepted{generation});
  } else if (too_late) {
    answer(HaproxyConfigRefused{generation, "`haproxy -c` did not end within 30 s"});
  } else {
    const auto words = words_of_haproxy(check_->output);
    answer(HaproxyConfigRefused{generation, words.empty() ? "`haproxy -c` was " + how : words});
  }
  check_.reset();
}

void Keeper::end_haproxy() {
  auto how = haproxy_->child.how_it_ended();
  const auto words = words_of_haproxy(haproxy_->last_words);
  if (how.rfind("exited", 0) == 0 && !words.empty()) how += ": " + words;
  const auto generation = haproxy_->generation;
  haproxy_.reset();
  answer(HaproxyExited{generation, how});
}

}  // namespace

std::string haproxy_keeper_socket(const std::string& run_dir) {
  return run_dir + "/haproxy-keeper.sock";
}

std::uint64_t haproxy_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_max < descriptors_wanted) {
    const rlimit wanted{limit.rlim_cur, descriptors_wanted};
    if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) limit = wanted;
  }
  return limit.rlim_max;
}

int run_haproxy_keeper(const HaproxyKeeperOptions& options) {
  auto own = options;
  if (own.lifeline >= 0) {
    own.lifeline = ::fcntl(options.lifeline, F_DUPFD, 3);
    if (own.lifeline != 3) {
      ::dup2(own.lifeline, 3);
      own.lifeline = 3;
    }
    ::fcntl(own.lifeline, F_SETFD, FD_CLOEXEC);
  }
  ::close_range(own.lifeline >= 0 ? 4 : 3, ~0U, 0);
  Keeper keeper(own);
  if (const auto begun = keeper.begin(); !begun) {
    std::fprintf(stderr, "haproxy-keeper: %s\n", begun.error().sentence.c_str());
    return 1;
  }
  keeper.serve();
  return 0;
}

}  // namespace hapx::lb_supervisor
