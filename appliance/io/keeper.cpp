// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/keeper.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/io/handed_down.hpp"
#include "appliance/io/life.hpp"
#include "appliance/io/service_manager.hpp"
#include "config/io/clock.hpp"
#include "config/time.hpp"

namespace hapx::appliance {
namespace {

constexpr int silent_looks_max = 3;
constexpr Duration look_interval_before_first_turn = std::chrono::milliseconds(100);
/// A child that has not made its first turn after this many looks hangs in its start.
constexpr int start_looks_max = 100;
constexpr Duration stop_patience = std::chrono::seconds(5);
constexpr Duration quick_death = std::chrono::seconds(2);
constexpr Duration restart_pause_max = std::chrono::seconds(5);
/// How often the service manager's watchdog is fed in the time it waits; sd_notify(3) advises two.
constexpr int feeds_per_period = 4;

void say(const std::string& sentence) {
  std::fprintf(stderr, "hapx-keeper: %s\n", sentence.c_str());
}

timespec to_timespec(Instant instant) {
  const Duration since_boot = instant.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  return {seconds.count(), (since_boot - seconds).count()};
}

/// One child process of ours: how to start it, and how it has been doing.
struct Child {
  std::string role;
  pid_t pid = -1;
  Descriptor pidfd;
  Instant started{};
  int quick_deaths = 0;
  std::optional<Instant> start_again;  ///< when it is not running

  [[nodiscard]] bool runs() const { return pidfd.is_open(); }
};

class Keeper {
 public:
  explicit Keeper(const KeeperOptions& options) : options_(options) {}

  int run() {
    ::prctl(PR_SET_NAME, "hapx-keeper");
    become_prompt();
    if (!set_up()) return 3;
    while (!ended_) {
      start_what_is_due();
      wait();
    }
    return status_;
  }

 private:
  /// Real-time scheduling, inherited by hapxd (haproxy-keeper resets it), and locked memory. What a
  /// service manager has set already is kept; we may have no right to set it ourselves.
  static void become_prompt() {
    const sched_param priority{.sched_priority = 10};
    const int given = ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
    if (given != SCHED_RR && given != SCHED_FIFO &&
        ::sched_setscheduler(0, SCHED_RR, &priority) != 0) {
      say("no right to SCHED_RR (CAP_SYS_NICE): a busy machine can delay renewals");
    }
    if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) {
      say("no right to lock memory (CAP_IPC_LOCK): a swapping machine can delay renewals");
    }
  }

  bool set_up() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR2, SIGCHLD}) sigaddset(&signals, signal);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = Descriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    timer_ = Descriptor(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!signals_.is_open() || !timer_.is_open()) {
      say(std::string("cannot watch signals and time: ") + std::strerror(errno));
      return false;
    }
    const char* variable = std::getenv(descriptors_variable);
    if (variable != nullptr) take_over(take_handed_down(variable));
    ::unsetenv(descriptors_variable);
    if (auto manager = ServiceManager::open(std::getenv("NOTIFY_SOCKET"))) {
      manager_ = std::move(*manager);
    } else {
      say(manager.error().sentence);
    }
    set_up_watchdog();
    return set_up_shared();
  }

  /// Where the service manager wants signs of life: from this very process (sd_notify(3)).
  void set_up_watchdog() {
    const char* period = std::getenv("WATCHDOG_USEC");
    const char* pid = std::getenv("WATCHDOG_PID");
    if (period == nullptr || (pid != nullptr && std::to_string(::getpid()) != pid)) return;
    const auto microseconds = std::strtoll(period, nullptr, 10);
    feed_interval_ = Duration(std::chrono::microseconds(microseconds)) / feeds_per_period;
  }

  void feed_watchdog(Instant now) {
    if (feed_interval_ <= Duration(0) || now < fed_ + feed_interval_) return;
    fed_ = now;
    tell("WATCHDOG=1");
  }

  /// A service manager that does not listen is no reason to stop; it says itself what it misses.
  void tell(std::string_view state) {
    if (const auto told = manager_.notify(state); !told) say(told.error().sentence);
  }

  bool set_up_shared() {
    if (!life_file_.is_open()) {
      auto file = make_life_file();
      if (!file) return say(file.error().sentence), false;
      life_file_ = std::move(*file);
    }
    const auto life = map_life(life_file_.number());
    if (!life) return say(life.error().sentence), false;
    life_ = *life;
    if (!alive_read_.is_open()) {
      std::array<int, 2> ends{};
      if (::pipe2(ends.data(), O_CLOEXEC) != 0) return say("cannot make a pipe"), false;
      alive_read_ = Descriptor(ends[0]);
      alive_write_ = Descriptor(ends[1]);
    }
    daemon_.role = "daemon";
    haproxy_keeper_.role = "haproxy-keeper";
    for (Child* child : {&haproxy_keeper_, &daemon_}) {
      const bool ours = child == &daemon_ || options_.haproxy_keeper == HaproxyKeeperIs::ours;
      if (ours && !child->runs()) child->start_again = boot_now();
    }
    return true;
  }

  /// We are the new binary in the old process: the children are still ours, and the daemon of the
  /// old binary is about to be gone (execute_new_binary has killed it).
  void take_over(DescriptorsByName descriptors) {
    const auto take = [&](const char* name) {
      const auto found = descriptors.find(name);
      if (found == descriptors.end()) return Descriptor();
      Descriptor taken = std::move(found->second);
      descriptors.erase(found);
      return taken;
    };
    life_file_ = take("life");
    alive_read_ = take("alive-read");
    alive_write_ = take("alive-write");
    const auto adopt = [&](Child& child, const std::string& name, const char* pid_variable) {
      child.pidfd = take(name.c_str());
      const char* pid = std::getenv(pid_variable);
      if (pid != nullptr) child.pid = static_cast<pid_t>(std::strtol(pid, nullptr, 10));
      ::unsetenv(pid_variable);
    };
    adopt(daemon_, "daemon-pidfd", "HAPX_DAEMON_PID");
    adopt(haproxy_keeper_, "haproxy-keeper-pidfd", "HAPX_HAPROXY_KEEPER_PID");
    kept_ = std::move(descriptors);
  }

  void start_what_is_due() {
    for (Child* child : {&haproxy_keeper_, &daemon_}) {
      if (!child->runs() && child->start_again && *child->start_again <= boot_now()) start(*child);
    }
  }

  void start(Child& child) {
    std::array<int, 2> channel{-1, -1};
    if (&child == &daemon_) {
      if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel.data()) != 0) {
        return start_later(child, "no channel");
      }
      channel_ = Descriptor(channel[0]);
      life_->interval_nanoseconds.store(0);
      silent_looks_ = 0;
      looks_before_first_turn_ = 0;
    }
    const Descriptor child_end(channel[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return start_later(child, std::strerror(errno));
    if (pid == 0) become(child, child_end.number());
    child.pid = pid;
    child.pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    child.started = boot_now();
    child.start_again.reset();
  }

  /// In the child: hands down what it gets, and executes hapxd again in its role.
  [[noreturn]] void become(const Child& child, int channel_end) {
    sigset_t none;
    sigemptyset(&none);
    ::signal(SIGHUP, SIG_IGN);  // until hapxd listens to it
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    DescriptorsByName down;
    const auto hand = [&](const std::string& name, int number) {
      down.insert_or_assign(name, Descriptor(::fcntl(number, F_DUPFD, 3)));  // not close-on-exec
    };
    if (&child == &daemon_) {
      hand("channel", channel_end);
      hand("life", life_file_.number());
      for (const auto& [name, descriptor] : kept_) hand(name, descriptor.number());
    } else {
      hand("alive", alive_read_.number());
      if (const auto config = kept_.find("config"); config != kept_.end()) {
        hand("config", config->second.number());
      }
    }
    ::setenv(descriptors_variable, describe(down).c_str(), 1);
    std::vector<std::string> words{"hapxd", std::string(role_option) + "=" + child.role};
    words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(options_.program.c_str(), argv.data());
    say("cannot execute " + options_.program + ": " + std::strerror(errno));
    ::_exit(127);
  }

  void start_later(Child& child, const std::string& reason) {
    say("cannot start " + child.role + ": " + reason);
    child.start_again = boot_now() + std::chrono::milliseconds(100);
  }

  void kill(const Child& child, int signal) const {
    if (child.runs()) ::syscall(SYS_pidfd_send_signal, child.pidfd.number(), signal, nullptr, 0);
  }

  void wait() {
    arm_timer();
    std::array<pollfd, 5> wanted{{{signals_.number(), POLLIN, 0},
                                  {timer_.number(), POLLIN, 0},
                                  {daemon_.pidfd.number(), POLLIN, 0},
                                  {haproxy_keeper_.pidfd.number(), POLLIN, 0},
                                  {channel_.number(), POLLIN, 0}}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0) return;
    if (wanted[4].revents != 0) keep_one();
    if (wanted[0].revents != 0) obey_signals();
    if (wanted[2].revents != 0) mourn(daemon_);
    if (wanted[3].revents != 0) mourn(haproxy_keeper_);
    if (wanted[1].revents != 0) look();
  }

  [[nodiscard]] Duration look_interval() const {
    const auto promised = life_->interval_nanoseconds.load();
    return promised == 0 ? look_interval_before_first_turn : Duration(promised);
  }

  void arm_timer() {
    Instant next = last_look_ + look_interval();
    for (const Child* child : {&haproxy_keeper_, &daemon_}) {
      if (!child->runs() && child->start_again) next = std::min(next, *child->start_again);
    }
    if (stop_until_) next = std::min(next, *stop_until_);
    next = std::max(next, Instant(Duration(1)));
    const itimerspec when{.it_interval = {}, .it_value = to_timespec(next)};
    ::timerfd_settime(timer_.number(), TFD_TIMER_ABSTIME, &when, nullptr);
  }

  /// One look at the sign of life. Only looks that come in time count.
  void look() {
    std::uint64_t expirations = 0;
    if (::read(timer_.number(), &expirations, sizeof expirations) < 0) return;
    const Instant now = boot_now();
    if (stop_until_ && now >= *stop_until_) kill(daemon_, SIGKILL);
    const Duration interval = look_interval();
    if (now < last_look_ + interval) return;
    const bool timely = now < last_look_ + 2 * interval;
    last_look_ = now;
    if (!daemon_.runs() || !timely) return;
    const auto turns = life_->turns.load();
    if (life_->interval_nanoseconds.load() == 0) {
      if (++looks_before_first_turn_ >= start_looks_max) kill(daemon_, SIGKILL);
      return;
    }
    silent_looks_ = turns == last_turns_ ? silent_looks_ + 1 : 0;
    last_turns_ = turns;
    if (silent_looks_ == 0) feed_watchdog(now);
    if (silent_looks_ < silent_looks_max) return;
    say("hapxd gave no sign of life for a third of the lease; replacing it");
    kill(daemon_, SIGKILL);
    silent_looks_ = 0;
  }

  /// Takes one descriptor that hapxd leaves with us, or what it tells of itself. False when there
  /// is none now.
  bool keep_one() {
    auto message = receive_descriptor(channel_.number());
    if (!message) {
      if (message.error().kind == ErrorKind::absent) channel_.close();
      return false;
    }
    auto& [name, descriptor] = *message;
    if (!descriptor.is_open()) {
      tell(name);
      return true;
    }
    const bool room = kept_.size() < kept_descriptors_max || kept_.contains(name);
    if (!name.empty() && room) {
      kept_.insert_or_assign(std::move(name), std::move(descriptor));
    }
    return true;
  }

  void obey_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.number(), &info, sizeof info) == sizeof info) {
      switch (static_cast<int>(info.ssi_signo)) {
        case SIGTERM:
        case SIGINT:
          if (!daemon_.runs()) ended_ = true;
          kill(daemon_, SIGTERM);
          if (!stop_until_) stop_until_ = boot_now() + stop_patience;
          break;
        case SIGHUP:
          kill(daemon_, SIGHUP);
          break;
        case SIGUSR2:
          execute_new_binary();
          break;
        default:
          break;
      }
    }
  }

  /// A child is gone. The daemon's ordered end is ours; anything else is replaced at once.
  void mourn(Child& child) {
    if (&child == &daemon_) {
      while (channel_.is_open() && keep_one()) {  // what it left with us before it died
      }
      channel_.close();
    }
    int how = 0;
    ::waitpid(child.pid, &how, 0);
    child.pidfd.close();
    child.pid = -1;
    if (&child == &haproxy_keeper_ && WIFEXITED(how) && WEXITSTATUS(how) == status_not_wanted) {
      return;
    }
    const bool asks_for_next = WIFEXITED(how) && WEXITSTATUS(how) == status_restart_in_flight;
    if (&child == &daemon_ && asks_for_next && !stop_until_) {
      child.start_again = boot_now();
      return;
    }
    if (&child == &daemon_ && (WIFEXITED(how) || stop_until_)) {
      ended_ = true;
      status_ = WIFEXITED(how) ? WEXITSTATUS(how) : 0;
      return;
    }
    const Instant now = boot_now();
    child.quick_deaths = now - child.started < quick_death ? child.quick_deaths + 1 : 0;
    // A child that ended by itself has said why (only haproxy-keeper comes here so).
    if (WIFSIGNALED(how)) {
      say(child.role + " was ended by signal " + std::to_string(WTERMSIG(how)) +
          "; starting the next one");
    }
    // The first deaths are replaced at once; a child that can't live is given growing pauses.
    const int doublings = std::clamp(child.quick_deaths - 3, 0, 6);
    const Duration pause = child.quick_deaths <= 3
                               ? Duration(0)
                               : Duration(std::chrono::milliseconds(100)) * (1 << doublings);
    child.start_again = now + std::min(pause, restart_pause_max);
  }

  /// Executes the binary that now stands at our path, in this very process: children, descriptors
  /// and the pid stay, so no client notices (the lease covers the daemon's restart).
  void execute_new_binary() {
    if (::access(options_.program.c_str(), X_OK) != 0) {
      return say("upgrade refused: " + options_.program + " can't be executed; nothing changed");
    }
    // Killed first: it would take the end of its channel for the end of its keeper, and release
    // all.
    kill(daemon_, SIGKILL);
    while (channel_.is_open() && keep_one()) {
    }
    DescriptorsByName down;
    const auto hand = [&](const std::string& name, int number) {
      if (number >= 0) down.insert_or_assign(name, Descriptor(::fcntl(number, F_DUPFD, 3)));
    };
    hand("life", life_file_.number());
    hand("alive-read", alive_read_.number());
    hand("alive-write", alive_write_.number());
    hand("daemon-pidfd", daemon_.pidfd.number());
    hand("haproxy-keeper-pidfd", haproxy_keeper_.pidfd.number());
    for (const auto& [name, descriptor] : kept_) hand(name, descriptor.number());
    ::setenv(descriptors_variable, describe(down).c_str(), 1);
    ::setenv("HAPX_DAEMON_PID", std::to_string(daemon_.pid).c_str(), 1);
    ::setenv("HAPX_HAPROXY_KEEPER_PID", std::to_string(haproxy_keeper_.pid).c_str(), 1);
    std::vector<std::string> words{"hapxd"};
    words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(options_.program.c_str(), argv.data());
    say(std::string("upgrade failed, going on with the old binary: ") + std::strerror(errno));
    for (const char* name : {descriptors_variable, "HAPX_DAEMON_PID", "HAPX_HAPROXY_KEEPER_PID"}) {
      ::unsetenv(name);
    }
  }

  const KeeperOptions& options_;
  Descriptor signals_;
  Descriptor timer_;
  ServiceManager manager_;
  Duration feed_interval_{};  ///< 0: it has no watchdog
  Instant fed_{};
  Descriptor life_file_;
  Life* life_ = nullptr;
  Descriptor alive_read_;   ///< handed to haproxy-keeper: its end means that we are gone
  Descriptor alive_write_;  ///< held by us alone, never written
  DescriptorsByName kept_;
  Child daemon_;
  Child haproxy_keeper_;
  Descriptor channel_;
  Instant last_look_{};
  std::uint64_t last_turns_ = 0;
  int silent_looks_ = 0;
  int looks_before_first_turn_ = 0;
  std::optional<Instant> stop_until_;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace

int run_keeper(const KeeperOptions& options) {
  return Keeper(options).run();
}

}  // namespace hapx::appliance
