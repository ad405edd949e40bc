// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/daemon.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

#include "appliance/io/accepted_file.hpp"
#include "appliance/io/drill_file.hpp"
#include "appliance/io/etcd_door.hpp"
#include "appliance/io/event_queue.hpp"
#include "appliance/io/http_server.hpp"
#include "appliance/io/keeper.hpp"
#include "appliance/io/life.hpp"
#include "appliance/io/log.hpp"
#include "appliance/io/network_door.hpp"
#include "appliance/io/startup.hpp"
#include "appliance/io/wall_clock.hpp"
#include "appliance/node.hpp"
#include "appliance/recording/flight_recorder.hpp"
#include "appliance/recording/io/recording_files.hpp"
#include "config/io/clock.hpp"
#include "lb-supervisor/io/child_process.hpp"
#include "lb-supervisor/io/haproxy_keeper.hpp"
#include "lb-supervisor/io/runtime_socket.hpp"
#include "lb-supervisor/io/self_probe.hpp"
#include "membership/io/record_file.hpp"
#include "membership/io/udp_link.hpp"
#include "vip/io/bird_door.hpp"
#include "vip/io/client_door.hpp"
#include "vip/io/door.hpp"

namespace hapx::appliance {
namespace {

namespace asio = boost::asio;

constexpr int status_refused = 1;
constexpr int status_could_not_begin = 3;
/// The keeper looks for a sign of life so often, and its patience is three looks.
constexpr int looks_per_lease = 9;
/// A sign of life comes at least so often: well within that patience, and not before the next beat
/// comes anyway (four heartbeats fit into a right), so that it wakes nobody by itself.
constexpr int turns_per_lease = 5;
constexpr int mapped_bytes_min = 128 * 1024;

int complain(const Error& error) {
  std::fprintf(stderr, "hapxd: %s\n", error.sentence.c_str());
  return error.kind == ErrorKind::refused ? status_refused : status_could_not_begin;
}

timespec to_timespec(Instant instant) {
  const auto since = instant.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return {seconds.count(), (since - seconds).count()};
}

class Daemon {
 public:
  Daemon(const HapxdOptions& options, Beginning beginning, DescriptorsByName keeper)
      : options_(options),
        beginning_(std::move(beginning)),
        keeper_(std::move(keeper)),
        log_(Log::open(2, std::getenv("JOURNAL_STREAM"))),
        timer_(context_),
        wall_clock_(context_, [this](auto event) { deliver(std::move(event)); }),
        channel_(context_),
        signals_(context_) {}

  int run() {
    if (const auto opened = open_doors(); !opened) return complain(opened.error());
    for (const auto& remark : beginning_.remarks) log_.write(LogLevel::notice, remark);
    leave_with_keeper();
    node_.emplace(std::move(beginning_.node), boot_now());
    deliver(Started{});
    deliver(membership::WallClockSet{utc_offset()});
    wait_for_deadline();
    wait_for_keepers_end();
    wait_for_signals();
    context_.run();
    return status_;
  }

 private:
  Result<void> open_doors() {
    const auto& config = beginning_.node.config;
    const auto& nodes = config.nodes;
    const auto& self = *std::ranges::find(nodes, beginning_.node.self, &NodeConfig::name);
    const auto post = [this](auto event) { deliver(std::move(event)); };
    const auto post_any = [this](auto events) {
      std::visit([this](auto& event) { deliver(std::move(event)); }, events);
    };
    for (const IpAddress& own : self.ways()) {
      auto link = membership::UdpLink::open(context_, {own, config.port}, post);
      if (!link) return link.error();
      links_.push_back(std::move(*link));
    }
    auto disk = DiskThread::begin(context_);
    if (!disk) return disk.error();
    disk_.emplace(std::move(*disk));
    record_.emplace(*disk_, options_.state_dir, post_any);
    auto recordings = DiskThread::begin(context_);
    if (!recordings) return recordings.error();
    recordings_.emplace(std::move(*recordings));
    if (auto watched = wall_clock_.watch(); !watched) return watched;
    if (config.arbiter) {
      auto etcd = EtcdDoor::open(context_, config.arbiter->etcd, config.name, post_any);
      if (!etcd) return etcd.error();
      etcd_ = std::move(*etcd);
    }
    if (self.role == Role::full) {
      if (auto opened = open_vip_door(post_any); !opened) return opened;
    }
    if (lb_supervisor::runs_haproxy(config, self.name)) {
      if (auto opened = open_haproxy_doors(post, post_any); !opened) return opened;
    }
    auto server =
        HttpServer::open(context_, {.place = SocketPath{options_.run_dir + "/hapxd.sock"}}, post);
    if (!server) return server.error();
    server_.emplace(std::move(*server));
    if (config.metrics.listen) {
      metrics_.emplace(context_, *disk_, door_of(config.metrics), post_any);
    }
    if (config.api) api_.emplace(context_, *disk_, door_of(*config.api), post_any);
    return open_timer();
  }

  template <class Handler>
  Result<void> open_vip_door(const Handler& post) {
    std::vector<VipConfig> vips;
    for (const auto& service : beginning_.node.config.services) {
      vips.insert(vips.end(), service.vips.begin(), service.vips.end());
    }
    std::optional<int> deadlines;
    if (const auto found = beginning_.inherited.find("deadlines");
        found != beginning_.inherited.end()) {
      deadlines = found->second.release();
    }
    if (std::ranges::any_of(vips, &VipConfig::is_routed)) {
      auto bird = vip::BirdDoor::open(context_, options_.bird_socket, vips, post);
      if (!bird) return bird.error();
      bird_ = std::move(*bird);
    }
    vip::DoorOptions doors{std::move(vips), deadlines, beginning_.node.config.tie_breaker};
    auto door = vip::Door::open(context_, std::move(doors), post);
    if (!door) return door.error();
    vip_ = std::move(*door);
    auto clients = vip::ClientDoor::open(context_, post);
    if (!clients) return clients.error();
    clients_ = std::move(*clients);
    if (vip_->adopted()) beginning_.node.inheritance.deadlines = vip_->deadlines();
    auto left = vip_->left_overs();
    if (!left) return left.error();
    for (const auto& one : *left) {
      beginning_.node.inheritance.addresses.push_back({one.interface, one.address});
    }
    return {};
  }

  template <class Post, class PostAny>
  Result<void> open_haproxy_doors(const Post& post, const PostAny& post_any) {
    const auto& paths = beginning_.node.haproxy_paths;
    auto child = lb_supervisor::ChildProcess::open(
        context_, lb_supervisor::haproxy_keeper_socket(haproxy_dir(options_)), post_any);
    if (!child) return child.error();
    child_.emplace(std::move(*child));
    auto runtime = lb_supervisor::RuntimeSocket::open(context_, paths.runtime_socket, post);
    if (!runtime) return runtime.error();
    runtime_.emplace(std::move(*runtime));
    auto probe = lb_supervisor::SelfProbe::open(context_, paths.probe_socket, post_any);
    if (!probe) return probe.error();
    probe_.emplace(std::move(*probe));
    return {};
  }

  Result<void> open_timer() {
    const int timer = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0) return system_error(errno, "cannot make a timer");
    timer_.assign(timer);
    look_interval_ = beginning_.node.config.timing.lease / looks_per_lease;
    turn_interval_ = beginning_.node.config.timing.lease / turns_per_lease;
    if (const auto found = keeper_.find("life"); found != keeper_.end()) {
      const auto life = map_life(found->second.number());
      if (!life) return life.error();
      life_ = *life;
    }
    return {};
  }

  /// What must outlive this process, as descriptors. From here on the keeper can be told things.
  void leave_with_keeper() {
    const auto found = keeper_.find("channel");
    if (found == keeper_.end()) return;
    channel_.assign(found->second.release());
    const auto leave = [&](const char* name, int descriptor) {
      const auto sent = send_descriptor(channel_.native_handle(), name, descriptor);
      if (!sent) log_.write(LogLevel::warning, sent.error().sentence);
    };
    leave("lock", beginning_.lock.number());
    leave("config", beginning_.config_text.number());
    leave("promises", beginning_.promises.descriptor());
    if (vip_) {
      if (const auto deadlines = vip_->deadlines_descriptor()) leave("deadlines", *deadlines);
    }
  }

  // Events in.

  /// News of a door, from wherever. Actions may bring news at once; those wait for their turn.
  void deliver(Event event) {
    events_.push(std::move(event));
    if (!node_) return;
    const bool drained = events_.drain([this](const Event& next, Instant now) {
      for (const auto& action : recorder_.step(*node_, next, now)) {
        std::visit([this](const auto& one) { carry_out(one); }, action);
      }
    });
    if (!drained) return;
    give_sign_of_life();
    arm_timer();
  }

  void arm_timer() {
    Instant next = last_turn_ + turn_interval_;
    if (const auto deadline = node_->next_deadline()) next = std::min(next, *deadline);
    if (next == armed_for_) return;
    armed_for_ = next;
    const itimerspec when{.it_interval = {}, .it_value = to_timespec(next)};
    ::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME, &when, nullptr);
  }

  void wait_for_deadline() {
    give_sign_of_life();
    arm_timer();
    timer_.async_read_some(asio::buffer(&expirations_, sizeof expirations_),
                           [this](const boost::system::error_code& error, std::size_t) {
                             if (error) return;
                             armed_for_ = {};
                             const auto deadline = node_->next_deadline();
                             if (deadline && *deadline <= boot_now()) deliver(DeadlineReached{});
                             wait_for_deadline();
                           });
  }

  void give_sign_of_life() {
    last_turn_ = boot_now();
    if (life_ == nullptr) return;
    ++life_->turns;
    life_->interval_nanoseconds = static_cast<std::uint64_t>(look_interval_.count());
  }

  void wait_for_keepers_end() {
    if (!channel_.is_open()) return;
    channel_.async_wait(asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) {
                          if (!error) deliver(StopRequested{"its keeper is gone"});
                        });
  }

  void wait_for_signals() {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
    wait_for_signal();
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (signal == SIGHUP) {
        deliver(ReloadRequested{});
      } else {
        deliver(StopRequested{"asked by a signal"});
      }
      wait_for_signal();
    });
  }

  // Actions out: one line each; the doors know how.

  void carry_out(const membership::SendDatagram& action) { links_.at(action.way)->send(action); }
  void carry_out(const membership::StorePromise& action) { beginning_.promises.store(action); }
  void carry_out(const membership::StoreRecord& action) { record_->store(action); }
  void carry_out(const membership::AskArbiter& action) { etcd_->carry_out(action); }
  void carry_out(const vip::ArmFence& action) { vip_->carry_out(action); }
  void carry_out(const vip::Probe& action) { vip_->carry_out(action); }
  void carry_out(const vip::ExtendDeadline& action) { vip_->carry_out(action); }
  void carry_out(const vip::CloseFence& action) { vip_->carry_out(action); }
  void carry_out(const vip::AddAddress& action) { vip_->carry_out(action); }
  void carry_out(const vip::RemoveAddress& action) { vip_->carry_out(action); }
  void carry_out(const vip::Announce& action) { vip_->carry_out(action); }
  void carry_out(const vip::AnnounceTo& action) { vip_->carry_out(action); }
  void carry_out(const vip::Advertise& action) { bird_->carry_out(action); }
  void carry_out(const vip::Withdraw& action) { bird_->carry_out(action); }
  void carry_out(const vip::ListClients& action) { clients_->carry_out(action); }
  void carry_out(const vip::Tickle& action) { clients_->carry_out(action); }
  void carry_out(const vip::AnnounceToClients& action) { clients_->carry_out(action); }
  void carry_out(const lb_supervisor::CheckHaproxyConfig& action) { child_->check_config(action); }
  void carry_out(const lb_supervisor::StartHaproxy& action) { child_->start(action); }
  void carry_out(const lb_supervisor::RetireHaproxy& action) { child_->retire(action); }
  void carry_out(const lb_supervisor::KillHaproxy& action) { child_->kill(action); }
  void carry_out(const lb_supervisor::ProbeHaproxy& action) { probe_->probe(action); }
  void carry_out(const lb_supervisor::AmendHaproxy& action) { runtime_->tell(action); }
  void carry_out(const lb_supervisor::AskBackends& action) { runtime_->ask(action); }
  void carry_out(const Respond& action) {
    if (action.window == Window::metrics) {
      if (metrics_) metrics_->respond(action);
      return;
    }
    // One of the two owes it, for their numbers differ.
    server_->respond(action);
    if (api_) api_->respond(action);
  }
  void carry_out(const Publish& action) {
    if (action.window == Window::command) server_->publish(action);
    if (action.window == Window::metrics && metrics_) metrics_->publish(action);
  }
  void carry_out(const WriteLog& action) { log_.write(action); }
  void carry_out(const NotifyServiceManager& action) {
    if (!channel_.is_open()) return;
    const auto told = send_state(channel_.native_handle(), action.state);
    if (!told) log_.write(LogLevel::warning, told.error().sentence);
  }
  void carry_out(const ReadConfig&) {
    auto read = read_accepted_file(options_.config_file);
    if (!read) return deliver(ConfigRefused{read.error().sentence});
    auto keys = read_cluster_keys(read->config);
    if (!keys) return deliver(ConfigRefused{keys.error().sentence});
    deliver(ConfigRead{std::move(read->config), std::move(read->text), *std::move(keys)});
  }
  void carry_out(const RestartInFlight& action) {
    if (!channel_.is_open()) return deliver(ConfigRefused{"no keeper can start the next hapxd"});
    const auto kept = keep_in_memory(action.text);
    if (!kept) return deliver(ConfigRefused{kept.error().sentence});
    const auto left = send_descriptor(channel_.native_handle(), "config", kept->number());
    if (!left) return deliver(ConfigRefused{left.error().sentence});
    // After what was answered before: whoever asked for it waits for that.
    asio::post(context_,
               [this] { asio::post(context_, [this] { end(status_restart_in_flight); }); });
  }
  void carry_out(const KeepDrill& action) {
    const auto keep = [folder = options_.state_dir, document = action.document] {
      return keep_drill(folder, document);
    };
    disk_->run(keep, [this](const Result<void>& kept) {
      if (!kept) deliver(DrillNotKept{kept.error().sentence});
    });
  }
  void carry_out(const KeepRecording& action) {
    auto recording = recorder_.recording(*node_, action.occasion);
    const auto path = path_of(options_.state_dir, recording.label);
    recordings_->run(
        [folder = options_.state_dir, recording = std::move(recording),
         keys = node_->options().keys] { return keep_recording(folder, recording, keys); },
        [this, path, request = action.request](const Result<void>& kept) {
          if (kept) return deliver(RecordingKept{path, request});
          deliver(RecordingNotKept{kept.error().sentence, request});
        });
  }
  void carry_out(const Exit& action) { end(action.status); }

  void end(int status) {
    status_ = status;
    server_->close();
    if (metrics_) metrics_->close();
    if (api_) api_->close();
    context_.stop();
  }

  const HapxdOptions& options_;
  Beginning beginning_;
  DescriptorsByName keeper_;  ///< "channel" and "life", if there is a keeper
  asio::io_context context_{1};
  Log log_;
  std::vector<std::unique_ptr<membership::UdpLink>> links_;  ///< of our ways, in their order
  std::optional<DiskThread> disk_;
  std::optional<membership::RecordFile> record_;
  std::optional<DiskThread> recordings_;  ///< a thread of their own: they are large, and can wait
  std::unique_ptr<EtcdDoor> etcd_;        ///< if it has the third vote
  std::unique_ptr<vip::Door> vip_;
  std::unique_ptr<vip::ClientDoor> clients_;
  std::unique_ptr<vip::BirdDoor> bird_;  ///< if an address is routed
  std::optional<lb_supervisor::ChildProcess> child_;
  std::optional<lb_supervisor::RuntimeSocket> runtime_;
  std::optional<lb_supervisor::SelfProbe> probe_;
  std::optional<HttpServer> server_;
  std::optional<NetworkDoor> metrics_;
  std::optional<NetworkDoor> api_;
  asio::posix::stream_descriptor timer_;
  WallClock wall_clock_;
  std::uint64_t expirations_ = 0;
  asio::posix::stream_descriptor channel_;
  asio::signal_set signals_;
  std::optional<Node> node_;
  FlightRecorder recorder_;
  EventQueue<Event> events_;
  Instant armed_for_{};
  Duration look_interval_{};
  Duration turn_interval_{};
  Instant last_turn_{};
  Life* life_ = nullptr;
  int status_ = 0;
};

}  // namespace

int run_daemon(const HapxdOptions& options) {
  ::prctl(PR_SET_NAME, "hapxd");
  // What is large (a recording on its way to the disk) is given back at once, for all that we have
  // is locked; by itself glibc's threshold grows with what it sees (mallopt(3)).
  ::mallopt(M_MMAP_THRESHOLD, mapped_bytes_min);
  ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);  // its keeper has said if it may not
  const char* variable = std::getenv(descriptors_variable);
  auto descriptors = take_handed_down(variable == nullptr ? "" : variable);
  ::unsetenv(descriptors_variable);
  DescriptorsByName keeper;
  for (const char* name : {"channel", "life"}) {
    if (auto node = descriptors.extract(name)) keeper.insert(std::move(node));
  }
  auto beginning = begin(options, std::move(descriptors));
  if (!beginning) {
    // The service manager shows it as the status of the failed unit.
    const auto& sentence = beginning.error().sentence;
    if (const auto channel = keeper.find("channel"); channel != keeper.end()) {
      (void)send_state(channel->second.number(),
                       "STATUS=" + sentence.substr(0, sentence.find('\n')));
    }
    return complain(beginning.error());
  }
  return Daemon(options, std::move(*beginning), std::move(keeper)).run();
}

int run_haproxy_keeper_process(const HapxdOptions& options) {
  const char* variable = std::getenv(descriptors_variable);
  auto descriptors = take_handed_down(variable == nullptr ? "" : variable);
  auto alive = descriptors.extract("alive");
  const auto wanted = prepare_for_haproxy(options, std::move(descriptors));
  if (!wanted) return status_refused;  // hapxd itself says why
  if (!*wanted) return status_not_wanted;
  return lb_supervisor::run_haproxy_keeper(
      {haproxy_dir(options), options.haproxy, alive ? alive.mapped().number() : -1});
}

}  // namespace hapx::appliance
