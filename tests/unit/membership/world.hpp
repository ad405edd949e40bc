// SPDX-License-Identifier: Apache-2.0
// What becomes of several members when the network and the machines misbehave?
//
// A small world for tests of membership/: real Members, a network in memory that loses, doubles and
// reorders, machines whose clocks run fast or slow, processes that die and come back, and for each
// machine a kernel that keeps the last deadline it was given while the process is dead (the fence).
// A checker looks at every deadline: no two machines may have an open one for one key.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "arbiter_store.hpp"
#include "membership/member.hpp"
#include "membership/promise_memory.hpp"
#include "membership/random.hpp"
#include "membership/record.hpp"

namespace hapx::membership::testing {

/// Time as nobody in the world can see it.
using WorldTime = Duration;

/// What the world's time 0 is in UTC.
inline constexpr Utc world_begins{std::chrono::seconds(1'795'873'017)};

/// Where the record lies.
struct Disk {
  std::vector<std::uint8_t> file;
  std::vector<std::uint8_t> voters;
  Duration takes = std::chrono::milliseconds(1);
  bool fails = false;
  bool hangs = false;
};

/// An etcd with the third vote, and the way to it. In the world when `World::config` has an
/// arbiter.
struct Arbitration {
  ArbiterStore store;
  Duration takes = std::chrono::milliseconds(4);
  bool is_away = false;        ///< nobody is answered, and nothing is done
  unsigned loss_permille = 0;  ///< of questions, and of answers to what was done
  unsigned late_permille = 0;  ///< what is done when nobody waits for it any more
  std::uint64_t questions = 0;
  std::uint64_t writes = 0;
};

struct Weather {
  unsigned loss_permille = 0;
  unsigned doubling_permille = 0;
  unsigned straggling_permille = 0;  ///< arrives up to `straggling` later
  Duration straggling = std::chrono::milliseconds(400);
  Duration delay_min = std::chrono::microseconds(30);
  Duration delay_max = std::chrono::microseconds(150);
};

class World {
 public:
  struct Machine {
    NodeConfig config;
    BootId boot;
    WorldTime booted{0};
    std::int64_t rate_permille = 1000;  ///< its clock's speed
    std::vector<std::uint8_t> file;     ///< the run directory's
    std::optional<std::string> marker;  ///< the state directory's
    Disk disk;
    std::optional<ClusterKeys> keys;               ///< absent: the world's
    std::optional<std::vector<NodeConfig>> nodes;  ///< in its file; absent: all of the world
    std::uint64_t lives = 0;                       ///< processes so far
    std::optional<Member> member;                  ///< the running process
    std::optional<std::vector<NodeConfig>> staged;
    bool uses_arbiter = true;  ///< if the world has one: its file names it
    bool stages_arbiter = true;
    bool is_cut_from_arbiter = false;
    bool paused = false;
    std::vector<std::pair<WorldTime, DatagramArrived>> socket;  ///< unread while paused
    std::map<LeaseKey, WorldTime> open_until;                   ///< the kernel's deadlines
    std::set<LeaseKey> held;                                    ///< by the running process, ever
    std::vector<News> news;                                     ///< of the running process
    std::size_t obeyed = 0;                                     ///< of them
  };

  World(std::size_t nodes, Timing timing, std::uint64_t seed);

  // What can be done to it.
  void start(std::size_t node);      ///< a process, of the machine's present boot
  void kill(std::size_t node);       ///< the process; the kernel stays as it is
  void power_off(std::size_t node);  ///< process, kernel and run directory are gone
  void pause(std::size_t node) { machines[node].paused = true; }
  void resume(std::size_t node);
  void claim(std::size_t node, const LeaseKey& key);
  void release(std::size_t node, const LeaseKey& key);  ///< closes the fence first, as it must
  void cut(std::size_t a, std::size_t b, bool is_cut);
  void cut_way(std::size_t from, std::size_t to, bool is_cut) { cuts_[{from, to}] = is_cut; }
  /// The first `count` nodes, as a file has them.
  [[nodiscard]] std::vector<NodeConfig> first_nodes(std::size_t count) const;
  /// A file with other nodes waits there; when all agree, the process begins anew with it.
  void stage(std::size_t node, const std::vector<NodeConfig>& nodes, bool with_arbiter = true);
  void run_for(Duration duration);
  /// Calls any function of a member, and carries out what it wants.
  void with(std::size_t node, const std::function<Outcome(Member&, Instant)>& call);

  /// Gives a standing order, or lifts it, at this node; the id of the order.
  std::uint64_t ask(std::size_t node, const RecordChange& change);
  /// Whoever coordinates takes up what it was asked to, as the house above it would.
  void obey(std::size_t node);

  // What can be seen of it.
  [[nodiscard]] const StandingOrders& orders(std::size_t node) const {
    return view(node).record.orders;
  }
  [[nodiscard]] std::optional<KeptRecord> on_disk(std::size_t node) const;
  /// What was answered to that order at that node, if anything was.
  [[nodiscard]] std::optional<OrderAnswer> answer(std::size_t node, std::uint64_t id) const;
  [[nodiscard]] WorldTime now() const { return now_; }
  [[nodiscard]] bool open(std::size_t node, const LeaseKey& key) const;
  [[nodiscard]] std::optional<std::size_t> holder(const LeaseKey& key) const;
  [[nodiscard]] std::optional<std::size_t> coordinator() const;
  [[nodiscard]] const View& view(std::size_t node) const { return machines[node].member->view(); }
  [[nodiscard]] Instant local(std::size_t node) const { return local(node, now_); }
  template <class Kind>
  [[nodiscard]] std::vector<Kind> news(std::size_t node) const {
    std::vector<Kind> found;
    for (const News& item : machines[node].news)
      if (const auto* kind = std::get_if<Kind>(&item)) found.push_back(*kind);
    return found;
  }

  std::vector<Machine> machines;
  Weather weather;
  Arbitration arbitration;
  ClusterConfig config;
  ClusterKeys keys;
  std::vector<std::string> violations;  ///< what the checker saw
  std::uint64_t gains = 0;              ///< rights gained, so that a test knows that it tests
  std::uint64_t datagrams = 0;
  std::function<void(std::size_t, const SendDatagram&)> on_send;

 private:
  struct Flight {
    WorldTime at;
    std::uint64_t order;
    std::size_t to;
    DatagramArrived datagram;

    friend bool operator>(const Flight& a, const Flight& b) {
      return std::pair(a.at, a.order) > std::pair(b.at, b.order);
    }
  };

  [[nodiscard]] Instant local(std::size_t node, WorldTime at) const;
  [[nodiscard]] WorldTime world_time(std::size_t node, Instant at) const;
  void carry_out(std::size_t node, Outcome outcome);
  void store(std::size_t node, const StoreRecord& action);
  void consult(std::size_t node, const AskArbiter& action);
  /// Tells the process that asks, if it is there to hear it; one that is paused hears it later.
  void reply(std::size_t node, std::uint64_t life, Duration after,
             const std::variant<ArbiterAnswered, ArbiterFailed>& what);
  [[nodiscard]] ClusterConfig config_of(std::size_t node) const;
  void restart_with_staged(std::size_t node);
  void send(std::size_t from, const SendDatagram& action);
  void look_at_rights(std::size_t node);
  [[nodiscard]] std::optional<std::pair<WorldTime, std::size_t>> next_alarm() const;

  Random random_;
  WorldTime now_{0};
  std::uint64_t order_ = 0;
  std::uint64_t boots_ = 0;
  std::priority_queue<Flight, std::vector<Flight>, std::greater<>> flights_;
  std::map<std::pair<WorldTime, std::uint64_t>, std::function<void()>> stores_;
  std::map<std::pair<std::size_t, std::size_t>, bool> cuts_;
};

}  // namespace hapx::membership::testing
