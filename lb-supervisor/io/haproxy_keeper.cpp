// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/haproxy_keeper.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <vector>

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
#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/haproxy_words.hpp"
#include "lb-supervisor/io/child.hpp"
#include "lb-supervisor/io/haproxies.hpp"
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

class Keeper {
 public:
  explicit Keeper(const HaproxyKeeperOptions& options)
      : options_(options),
        haproxies_(options.run_dir, options.haproxy, [this](const auto& told) { answer(told); }) {}
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Gets everything that can fail before the first client.
  Result<void> begin();
  void serve();

 private:
  struct Checking {
    Child child;
    std::uint64_t generation = 0;
    std::string output;
    Duration until;
  };
  /// What is always waited for; behind it come two places for each HAProxy.
  enum Place { lifeline, signals, listener, client, check_ended, check_output, first_haproxy };
  using Polled = std::vector<pollfd>;

  Result<void> take_lock();
  Result<void> listen();
  /// Waits for something to happen, at most until `until`.
  Polled wait(std::optional<Duration> until);
  void look_for_end(const Polled& polled);

  void accept_client();
  void read_client();
  void check(const CheckHaproxyConfig& request);
  void answer(const KeeperAnswer& answer, int text = -1);
  void end_check();

  [[nodiscard]] std::string path(const char* name) const { return options_.run_dir + "/" + name; }

  HaproxyKeeperOptions options_;
  Descriptor lock_;
  Descriptor signals_;
  Descriptor listener_;
  Descriptor client_;
  Haproxies haproxies_;
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
  haproxies_.share(lock_.number());
  haproxies_.remove_old_sockets();
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
  Polled polled;
  for (const int number :
       {options_.lifeline, signals_.number(), listener_.number(), client_.number(),
        check_ ? check_->child.pidfd() : -1, check_ ? check_->child.output() : -1}) {
    polled.push_back({number, POLLIN, 0});
  }
  haproxies_.append_to(polled);
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
    auto until = haproxies_.next_deadline();
    if (check_) until = until ? std::min(*until, check_->until) : check_->until;
    const auto polled = wait(until);
    look_for_end(polled);
    haproxies_.look_at(polled, first_haproxy);
    if (check_ && (polled[check_ended].revents != 0 || polled[check_output].revents != 0 ||
                   monotonic() >= check_->until)) {
      if (polled[check_ended].revents == 0 && monotonic() >= check_->until) check_->child.kill();
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
  // Nobody waits for what these were begun for.
  check_.reset();
  haproxies_.end_successor();
  client_ = std::move(next);
  Descriptor text;
  if (const auto* config = haproxies_.config_in_service()) {
    auto made = text_in_memory(*config);
    if (!made) return client_.close();
    text = std::move(*made);
  }
  answer(haproxies_.what_runs(), text.number());
}

void Keeper::read_client() {
  for (int i = 0; i < packets_per_turn_max && client_.is_open(); ++i) {
    auto received = receive_packet(client_.number());
    if (!received) return client_.close();
    if (!*received) return;
    const auto request = decode_request((**received).bytes);
    if (!request) return client_.close();
    if (const auto* kill = std::get_if<KillHaproxy>(&*request)) {
      haproxies_.kill(*kill);
      continue;
    }
    if (const auto* retire = std::get_if<RetireHaproxy>(&*request)) {
      haproxies_.retire(*retire);
      continue;
    }
    auto config = read_text((**received).text, config_bytes_max);
    if (!config) return client_.close();
    if (auto copy = *request; auto* to_check = std::get_if<CheckHaproxyConfig>(&copy)) {
      to_check->config = std::move(*config);
      check(*to_check);
    } else if (auto* to_start = std::get_if<StartHaproxy>(&copy)) {
      to_start->config = std::move(*config);
      haproxies_.start(std::move(*to_start));
    }
  }
}

void Keeper::check(const CheckHaproxyConfig& request) {
  check_.reset();
  auto child = haproxies_.check(request);
  if (!child) return answer(HaproxyConfigRefused{request.generation, child.error().sentence});
  check_ = Checking{std::move(*child), request.generation, {}, monotonic() + check_max};
}

void Keeper::answer(const KeeperAnswer& answer, int text) {
  // A client that does not take its answers is let go; it learns the truth when it connects again.
  if (client_.is_open() && !send_packet(client_.number(), encode(answer), text)) client_.close();
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
