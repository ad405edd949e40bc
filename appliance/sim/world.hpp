// SPDX-License-Identifier: Apache-2.0
// What happens, and when?
//
// The simulated world: machines, the network between them, a client beside them, and one queue of
// what is to come, ordered by true time and then by the order in which it was asked for. It runs
// the production Node, unchanged, and does to it what an unkind reality would. Nothing here reads a
// clock or a device for chance: one seed is one story, word for word.
//
//   Node::step --> Actions --> Interpreter --> kernel, HAProxy, network
//       ^                                              |
//       `---------- Event <---- queue <----------------'       Facts --> Checkers
//
// Operations are what a person, or fate, can do. They take effect at once; what follows from them
// happens while time runs (run_for, run_until).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "appliance/sim/checkers.hpp"
#include "appliance/sim/etcd.hpp"
#include "appliance/sim/machine.hpp"
#include "appliance/sim/network.hpp"
#include "appliance/sim/recorder.hpp"
#include "appliance/sim/world_options.hpp"
#include "config/cluster_config.hpp"
#include "config/parse.hpp"

namespace hapx::appliance::sim {

class World {
 public:
  explicit World(const WorldOptions& options);

  // Time.

  [[nodiscard]] Moment now() const { return now_; }
  void run_for(Duration duration);
  /// Until `condition` holds, asked after everything that happens; false if it did not by then.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition, Duration bound);

  /// Does it without stating that something was done, so that a checker can be tested.
  void secretly(const std::function<void()>& operation);

  // A machine's power, and its processes. Each does nothing where it makes no sense.

  /// Boots with a clock at zero, and starts hapxd when that is done. For the first time a machine
  /// has been up for as long as its options say, and hapxd starts at once.
  void power_on(const NodeName& node, Duration boot_takes = std::chrono::seconds(6));
  void power_off(const NodeName& node);
  /// Starts hapxd and its keeper on a machine that has power: what an earlier one left is ended.
  void start(const NodeName& node);
  void start_all();
  void stop(const NodeName& node);              ///< SIGTERM
  void kill(const NodeName& node);              ///< SIGKILL; the keeper starts the next one
  void kill_with_keeper(const NodeName& node);  ///< nobody starts the next one
  void kill_keeper(const NodeName& node);       ///< hapxd notices, and stops in order
  void freeze(const NodeName& node);            ///< SIGSTOP; the keeper soon kills it
  void freeze_with_keeper(const NodeName& node);
  void resume(const NodeName& node);  ///< SIGCONT to both
  /// The whole virtual machine stands still, its clock included.
  void pause_machine(const NodeName& node);
  void unpause_machine(const NodeName& node);
  void set_clock_rate(const NodeName& node, unsigned rate_permille);
  void repair_clock(const NodeName& node);  ///< if its rate is one that the lease is not made for

  /// A second machine from a copy of the node's disk: of the same name, key and address, in a boot
  /// of its own. What is sent to the address reaches both. Machines are told apart by "n1" and
  /// "n1-clone".
  void clone(const NodeName& node, Duration boot_takes = std::chrono::seconds(6));
  void end_clone(const NodeName& node);
  [[nodiscard]] bool has_clones() const;  ///< with power

  // Networks.

  void cut(const NodeName& a, const NodeName& b);
  void cut_one_way(const NodeName& from, const NodeName& to);
  /// From all its peers; its clients still reach it.
  void cut_off(const NodeName& node);
  /// One of the ways between them: 0 is that of their addresses, n that of their n-th links.
  void cut_way(const NodeName& a, const NodeName& b, std::size_t way);
  /// What hosts ask and announce where the VIPs are; heartbeats and clients have other ways.
  void cut_segment(const NodeName& a, const NodeName& b);
  /// Nothing gets from this machine or to it, though its interfaces have their carriers.
  void isolate(const NodeName& node);
  void end_tie_breaker();
  void begin_tie_breaker();
  void heal(const NodeName& a, const NodeName& b);
  void heal_all();

  // The arbiter. Each does nothing where the file has none.

  void end_arbiter();    ///< etcd has no quorum of its own
  void begin_arbiter();  ///< it has, and is quick
  void slow_arbiter(Duration commit);
  void cut_arbiter(const NodeName& node);
  void heal_arbiter(const NodeName& node);
  /// Its disks are lost, and it is restored from a backup: another store, with older contents. That
  /// takes it down for longer than any lease lasts.
  void replace_arbiter();

  void set_weather(const Weather& weather);
  void link_down(const NodeName& node, const InterfaceName& interface);
  void link_up(const NodeName& node, const InterfaceName& interface);
  void remove_interface(const NodeName& node, const InterfaceName& interface);
  void create_interface(const NodeName& node, const InterfaceName& interface);

  // Routing daemons. Each does nothing where no address is routed.

  void stop_bird(const NodeName& node);
  void start_bird(const NodeName& node);
  void lose_sessions(const NodeName& node);
  void regain_sessions(const NodeName& node);

  // Foreign hands.

  void delete_vip(const NodeName& node, const IpAddress& vip);
  void flush_addresses(const NodeName& node);
  /// Somebody removes the fence's filter.
  void flush_filters(const NodeName& node);
  /// Somebody without the key sends again what was said before: up to `replays_max` datagrams, some
  /// to others than before, some damaged. `choice` says which.
  void replay(std::uint64_t choice);
  static constexpr unsigned replays_max = 32;
  void fail_next(const NodeName& node, Door door, unsigned calls = 1);

  /// A host that is none of ours answers for the address. Clients believe it, until one of ours
  /// announces the address again or it goes.
  void foreign_claims(const IpAddress& vip);
  void foreign_goes(const IpAddress& vip);

  /// The voter's mapped file is damaged, while no process has it open.
  void tear_memory(const NodeName& node);
  /// That file is again as it was when the last process had started. The voter can't notice it.
  void revert_memory(const NodeName& node);

  /// hapxd can't remember on disk that this node votes, and so doesn't start in a new boot.
  void fill_disk(const NodeName& node);
  void free_disk(const NodeName& node);

  /// Another program has the metrics' port, or gives it up.
  void take_metrics_port(const NodeName& node);
  void free_metrics_port(const NodeName& node);

  /// Somebody writes hapx.yaml anew; nobody has taken it yet.
  void write_file(const NodeName& node, const std::string& text);
  void write_keys(const NodeName& node, const ClusterKeys& keys);  ///< likewise, the key file
  void reload(const NodeName& node);                               ///< SIGHUP
  /// Files are given of which different nodes vote: until that is over nothing is demanded that
  /// takes one list of voters.
  void let_votes_vary();
  /// It is over when all nodes run, and count by the world's list and no other. False: not yet.
  bool end_varying_votes();
  [[nodiscard]] bool votes_vary() const { return votes_vary_; }

  // HAProxy.

  void kill_haproxy(const NodeName& node);
  void freeze_haproxy(const NodeName& node);
  void resume_haproxy(const NodeName& node);
  void kill_haproxy_keeper(const NodeName& node);
  void uninstall_haproxy(const NodeName& node);
  void install_haproxy(const NodeName& node);
  void refuse_haproxy_config(const NodeName& node, bool refused);
  void set_api_server(const std::string& host, bool up);  ///< as all HAProxies see it

  // Operators.

  /// Gives a request to a node; its answer is found under the returned number. `from`: over the
  /// network, with a certificate of that name.
  std::uint64_t request(const NodeName& node, const std::string& method, const std::string& target,
                        const std::string& body, const std::optional<std::string>& from = {});
  std::uint64_t move(const NodeName& at, const ServiceName& service,
                     const std::optional<NodeName>& to);
  /// Gives a standing order, or lifts it.
  std::uint64_t order(const NodeName& at, const membership::Subject& subject,
                      std::optional<Duration> time = std::nullopt);
  std::uint64_t lift(const NodeName& at, const membership::Subject& subject);
  /// Asked for, and no end of them acknowledged since, or seen in force by somebody.
  [[nodiscard]] std::vector<membership::Subject> orders_given() const;

  // Disks, and wall clocks.

  void set_disk(const NodeName& node, DiskHealth health);
  /// The record's file is damaged, while no process runs.
  void tear_record(const NodeName& node);
  /// The machine gets a new disk, while it has no power: nothing is on it.
  void replace_disk(const NodeName& node);
  /// Somebody sets the wall clock; `shift` from what is right.
  void set_wall_clock(const NodeName& node, Duration shift);
  /// What is on disk; nothing if that is not readable.
  [[nodiscard]] std::optional<membership::KeptRecord> record_on_disk(const NodeName& node) const;

  /// What Prometheus does, or anybody else who finds the port.
  std::uint64_t scrape(const NodeName& node, const std::string& target = "/metrics");
  /// The body of a stream is its newest piece.
  [[nodiscard]] const Respond* answer(std::uint64_t request) const;
  /// Who asked for a stream reads it no more.
  void hang_up(const NodeName& node, std::uint64_t request);

  // What is so.

  /// Whose HAProxy a client reaches at the address now.
  [[nodiscard]] std::optional<NodeName> serving(const IpAddress& vip) const;
  /// The one that serves all addresses of the service now.
  [[nodiscard]] std::optional<NodeName> serving(const ServiceName& service) const;
  [[nodiscard]] bool all_served() const;
  /// Whose kernels answer for the address now.
  [[nodiscard]] std::vector<NodeName> answering(const IpAddress& vip) const;
  /// So many of the address's idle clients have no connection to whoever serves it now.
  [[nodiscard]] std::size_t asleep(const IpAddress& vip) const;
  /// Forgets the outages until now.
  void mark();
  /// The longest time without service since mark(), as a client with infinitely many requests would
  /// find it; one that goes on counts as far as it has come.
  [[nodiscard]] Duration outage(const ServiceName& service) const;
  /// Likewise, the longest time in which no kernel answered; HAProxy's absence is not counted.
  [[nodiscard]] Duration silence(const ServiceName& service) const;

  [[nodiscard]] bool powered(const NodeName& node) const { return machines_.at(node).powered; }
  /// Its hapxd is there, if only frozen.
  [[nodiscard]] bool alive(const NodeName& node) const;
  /// Its hapxd is there and runs.
  [[nodiscard]] bool thinks(const NodeName& node) const { return machines_.at(node).thinks(); }
  /// The name under which this machine speaks: a clone's is that of the other one.
  [[nodiscard]] const NodeName& node_of(const NodeName& machine) const {
    return machines_.at(machine).node.name;
  }
  /// What the node says of itself. REQUIRES: alive(node).
  [[nodiscard]] Status status(const NodeName& node) const;
  [[nodiscard]] const Kernel& kernel(const NodeName& node) const;
  [[nodiscard]] const ClusterConfig& config() const { return options_.config; }
  /// That the arbiter was asked.
  [[nodiscard]] std::uint64_t questions() const { return questions_; }
  /// Of a node's n-th link; the node's own address is on heartbeat_interface().
  [[nodiscard]] static InterfaceName interface_of(std::size_t link) {
    return InterfaceName("link" + std::to_string(link));
  }
  [[nodiscard]] const InterfaceName& heartbeat_interface() const {
    return options_.heartbeat_interface;
  }
  /// A majority of votes whose nodes are healthy and hear each other, one of them fit to hold.
  [[nodiscard]] bool stable_majority() const;
  /// Whatever is recorded on running machines is decided again, and must be decided alike.
  void replay_all();
  [[nodiscard]] const Violations& violations() const { return checkers_.violations(); }
  /// The last lines of what happened, oldest first.
  [[nodiscard]] std::string trace() const;

 private:
  friend class Interpreter;

  /// How long in a row a client was without something.
  struct Gap {
    std::optional<Moment> since;
    Duration longest{0};

    void see(Moment now, bool there);
    [[nodiscard]] Duration until(Moment now) const;
  };

  /// One boot of a machine: what it knew of connections is gone with it.
  struct Server {
    NodeName machine;
    std::uint64_t boots = 0;

    friend bool operator==(const Server&, const Server&) = default;
  };
  struct IdleClient {
    Endpoint end;
    std::optional<Server> server;  ///< to which it believes to be connected
  };

  struct Address {
    ServiceName service;
    bool routed = false;
    std::optional<NodeName> neighbour;  ///< whose hardware address the client, or whose way the
                                        ///< router has learnt last
    std::set<NodeName> shown;           ///< whose BIRD would tell routers of it, given a session
    bool claimed = false;               ///< a foreign host answers for it, too
    std::vector<NodeName> answering;
    std::optional<NodeName> serving;
    Gap unserved;
    Gap silent;
    std::vector<IdleClient> clients{};
  };

  struct Pending {
    Moment at;
    std::uint64_t sequence = 0;
    std::function<void()> happen;

    friend bool operator<(const Pending& a, const Pending& b) {  // the earliest has priority
      return std::pair(b.at, b.sequence) < std::pair(a.at, a.sequence);
    }
  };

  enum class Inherits : std::uint8_t { nothing, everything };

  /// A machine without power, known by the name in its options.
  Machine& build(const MachineOptions& options, const NodeConfig& node);
  /// To do something to it.
  [[nodiscard]] Machine& machine(const NodeName& node) {
    Machine& found = machines_.at(node);
    found.dues.reset();
    return found;
  }
  [[nodiscard]] Instant clock_of(const Machine& machine) const { return machine.clock.read(now_); }
  [[nodiscard]] bool bears_vips(const Machine& machine) const;
  /// What its hapxd has accepted, or will find in its file.
  [[nodiscard]] const ClusterConfig& config_of(const Machine& machine) const {
    return machine.accepted ? *machine.accepted : options_.config;
  }

  // world.cpp: time
  [[nodiscard]] std::optional<Moment> wake_of(const Machine& machine) const;
  [[nodiscard]] std::optional<Moment> edge_of(const Machine& machine) const;
  [[nodiscard]] const Dues& dues_of(Machine& machine);
  [[nodiscard]] std::optional<Moment> next_moment();
  void end_what_is_over();
  void wake_who_is_due();
  bool advance(Moment limit);
  void schedule(Duration after, std::function<void()> happen);
  /// On a machine: it doesn't happen after a loss of power, and waits while the machine is paused.
  void schedule_on(Machine& machine, Duration after, std::function<void()> happen);

  // process.cpp: a process's life
  void start_process(Machine& machine, Inherits inherits);
  void fail_to_start(Machine& machine);
  [[nodiscard]] const CheckedConfig& judge(const std::string& text);
  [[nodiscard]] std::optional<ClusterConfig> file_of(const Machine& machine);
  [[nodiscard]] static ClusterKeys keys_of(const Machine& machine);
  /// None: it could not remember that this node votes.
  [[nodiscard]] std::optional<Inheritance> find_inheritance(Machine& machine, Inherits inherits);
  void tell_of_metrics(Machine& machine);
  void end_process(Machine& machine);
  void restart_in_flight(Machine& machine);
  /// To the process that runs now, if it still does by then.
  void tell(Machine& machine, Duration after, const Event& event);
  void tell(Machine& machine, const Later& later);
  void deliver(Machine& machine, const Event& event);
  void drain_inbox(Machine& machine);
  void step(Machine& machine, const Event& event);
  static void learn(Knowledge& known, const Event& event);
  void end_step(Machine& machine, bool news);
  void pass_on_notices(Machine& machine);
  void send(Machine& from, const membership::SendDatagram& datagram);
  void arrive(Machine& to, Duration under_way, std::size_t way, const Endpoint& from,
              const std::vector<std::uint8_t>& bytes);
  [[nodiscard]] static const IpAddress& address_of(const NodeConfig& node, std::size_t way) {
    return way == 0 ? node.address : node.links[way - 1];
  }
  [[nodiscard]] bool has_carrier(const Machine& machine, std::size_t way) const;
  /// By some way.
  [[nodiscard]] bool hears(const Machine& from, const Machine& to) const;

  // segment.cpp: what hosts hear of each other where the VIPs are
  static constexpr MacAddress foreign_mac{{0x02, 0xf0, 0, 0, 0, 1}};
  /// A claim that all machines but the speaker hear (nullptr: the foreign host speaks).
  void say(const Machine* speaker, const vip::Claim& claim);
  void hear(Machine& machine, Duration after, const vip::Claim& claim);
  /// As hosts of the segment know the tie-breaker; the clients are beside it.
  inline static const NodeName tie_breaker{"tie-breaker"};
  [[nodiscard]] bool reaches_tie_breaker(const Machine& machine) const;
  [[nodiscard]] bool reaches_clients(const NodeName& node) const;
  void ask_tie_breaker(Machine& asker);
  void observe_split();
  /// Whoever has the address answers, and those who hear it hear that somebody wants it.
  void probe(Machine& asker, const InterfaceName& interface, const IpAddress& vip);

  // arbitration.cpp: how nodes reach the arbiter
  /// From its asking to its answer.
  struct Question {
    Machine* asker = nullptr;
    std::uint64_t number = 0;
    std::uint64_t store = 0;
    Moment asked{};
    membership::AskArbiter what{};
    Course course{};
  };
  [[nodiscard]] bool reaches_arbiter(const Machine& machine) const;
  void ask_arbiter(Machine& asker, const membership::AskArbiter& action);
  void fail_question(const Question& question, Duration after, const Error& error);
  void answer_question(const Question& question, Duration after, const Event& event);
  void decide(Question question);
  void note_promises(const Question& question);
  void excuse_arbiter();
  void observe_arbiter();
  [[nodiscard]] bool stands_by_arbiter(const Machine& machine) const;
  [[nodiscard]] bool agree() const;
  void disturb_arbiter(const std::string& what);

  // routing.cpp: what routers learn of addresses without a segment
  [[nodiscard]] bool is_any_routed() const;
  void tell_of_routing(Machine& machine, Duration after);
  void advertise(Machine& machine, const vip::Advertise& action);
  void observe_route(const IpAddress& vip, Address& address);

  // idle_clients.cpp: who is connected and only listens
  static void invite_clients(const IpAddress& vip, Address& address);
  void observe_clients(const IpAddress& vip, Address& address);
  [[nodiscard]] vip::ClientsListed list_clients(const Machine& machine, const IpAddress& vip) const;
  void tickle(Machine& machine, const vip::Tickle& action);

  // operations.cpp
  /// What the lease is not made for goes on there, or has just ended.
  void excuse(const Machine& machine, Excused::As as);

  // record.cpp: disks, wall clocks and standing orders
  void store_record(Machine& machine, const membership::StoreRecord& action);
  void keep_drill(Machine& machine, const std::string& document);
  void keep_recording(Machine& machine, const KeepRecording& action);
  void replay_what_is_recorded(const Machine& machine, const std::string& occasion);
  void settle_store(Machine& machine);
  void tell_of_wall_clock(Machine& machine);
  [[nodiscard]] Duration spread_of_wall_clocks() const;
  std::uint64_t ask(const NodeName& at, const membership::Subject& subject, bool gives,
                    std::optional<Duration> time);
  void note_order_answer(const Respond& answer);
  void observe_orders(const Machine& machine, const Status& status);

  // observe.cpp: what is so
  void changed() { outlook_due_ = look_due_ = true; }
  /// After something happened that a client or a peer could notice.
  void observe();
  void observe_if_due();
  void observe_address(const IpAddress& vip, Address& address);
  [[nodiscard]] std::optional<NodeName> find_serving(const IpAddress& vip,
                                                     const Address& address) const;
  void observe_outlook();
  [[nodiscard]] bool chance_reigns() const;
  [[nodiscard]] bool healthy(const Machine& machine) const;
  [[nodiscard]] bool stands_alone(const Machine& machine) const;
  void observe_meetings();
  [[nodiscard]] bool fit(const Machine& machine) const;
  void state(const Fact& fact);
  void disturb(const std::string& what);
  [[nodiscard]] bool traces() const { return options_.trace != TraceDetail::nothing; }
  void note(const std::string& line);

  WorldOptions options_;
  std::string file_;                             ///< hapx.yaml, where nobody has changed it
  std::map<std::string, CheckedConfig> judged_;  ///< by their text
  Random random_;
  Network network_;
  Network segment_{0};  ///< its weather is fine
  bool tie_breaker_up_ = true;
  bool split_ = false;
  Etcd etcd_;
  NodeName arbiter_;  ///< its name among the voters
  std::uint64_t questions_ = 0;
  Recorder recorder_;
  Random replay_choice_;
  Checkers checkers_;
  Moment now_{};
  Moment disturbed_{};
  std::uint64_t sequence_ = 0;
  std::uint64_t lives_ = 0;
  std::vector<Pending> queue_;  ///< a heap
  std::map<NodeName, Machine> machines_;
  std::map<IpAddress, Address> addresses_;
  std::set<InterfaceName> vip_interfaces_;
  std::map<std::pair<NodeName, membership::LeaseKey>, membership::Accepted> accepted_;
  std::uint64_t requests_ = 0;
  std::map<std::uint64_t, Respond> answers_;
  struct OrderAsked {
    membership::Subject subject;
    bool gives = true;
    bool first = false;  ///< of this subject since the last end of one
    Moment at;
  };
  std::map<std::uint64_t, OrderAsked> orders_asked_;  ///< by their requests; not yet answered
  struct OrderGiven {
    bool for_a_time = false;
  };
  std::map<membership::Subject, OrderGiven> orders_given_;
  Outlook outlook_;
  bool votes_vary_ = false;
  bool outlook_due_ = true;  ///< something changed that it depends on
  bool look_due_ = true;     ///< something changed that answers or serves
  bool secret_ = false;
  std::deque<std::string> trace_;
};

}  // namespace hapx::appliance::sim
