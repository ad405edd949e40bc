// SPDX-License-Identifier: Apache-2.0
// What does etcd remember, and what becomes of a question that it is asked?
//
// It is one store for all who ask: a transaction takes effect at a single instant, whole or not at
// all, and tells what is there then. Around that is what a client of a real one meets:
//
//   asked --way there--> a member --(a leader?)--commit--> effect --way back--> answer
//
// Each part may be lost or take its time, and a part may be done twice; whoever asked has long lost
// patience, or is dead, and the effect comes all the same. The store draws the course of a question
// from its seed and knows no moments: the world's queue makes them of it. It doesn't know what its
// entries mean.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "appliance/sim/network.hpp"
#include "appliance/sim/random.hpp"
#include "config/ids.hpp"
#include "config/time.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::appliance::sim {

/// How one question fares. All of it is drawn when it is asked; whether there is a leader, and a
/// way, is seen when the time has come.
struct Course {
  std::optional<Duration> there;    ///< none: it is lost
  Duration commit{0};               ///< from its arrival to its effect
  std::optional<Duration> again;    ///< it is done once more, so long after its effect
  bool second_is_told = false;      ///< of two effects; else the first
  std::optional<Duration> back;     ///< none: the answer is lost
  std::optional<Duration> wait;     ///< what a member keeps it for, if there is no leader
  std::optional<Duration> refusal;  ///< where nobody is there: told so soon, not by mere silence
};

class Etcd {
 public:
  /// How long after its arrival a question may still take effect that found no leader.
  static constexpr Duration wait_max = std::chrono::seconds(2);
  static constexpr std::size_t backups_max = 16;

  /// `compares`: false: it writes whatever it has, so that a checker can be tested.
  explicit Etcd(std::uint64_t seed, bool compares = true);

  /// At this instant: all swaps or none, and then all entries as they are. The answer's ticket is
  /// the asker's.
  [[nodiscard]] membership::ArbiterAnswered transact(const membership::AskArbiter& asked);
  /// The way there and back is that of the weather.
  [[nodiscard]] Course draw_course(const Weather& weather);

  /// Another memory has another number.
  [[nodiscard]] std::uint64_t id() const { return id_; }

  // What is done to it.

  void set_leader(bool there) { leader_ = there; }
  /// So long a commit takes, about; 0: as long as on a good disk.
  void set_slow(Duration commit) { slow_ = commit; }
  void cut(const NodeName& node) { cut_.insert(node); }
  void heal(const NodeName& node) { cut_.erase(node); }
  void heal_all() { cut_.clear(); }
  /// Nobody is there, until it is restored.
  void begin_restore();
  /// From a backup, so that it has forgotten something, perhaps all.
  void end_restore();

  [[nodiscard]] bool has_leader() const { return leader_ && !restoring_; }
  [[nodiscard]] bool is_restoring() const { return restoring_; }
  [[nodiscard]] bool is_slow() const { return slow_ > Duration(0); }
  [[nodiscard]] bool carries(const NodeName& node) const { return !cut_.contains(node); }

 private:
  struct Entry {
    std::int64_t revision = 0;
    std::vector<std::uint8_t> value;
  };
  struct Content {
    std::int64_t revision = 1;
    std::map<std::string, Entry> entries;
  };

  [[nodiscard]] bool as_expected(const membership::ArbiterSwap& swap) const;
  void write(const std::vector<membership::ArbiterSwap>& swaps);

  Random random_;
  bool compares_;
  std::uint64_t id_;
  Content content_;
  std::vector<Content> backups_{1};  ///< the first is of the beginning
  bool leader_ = true;
  bool restoring_ = false;
  Duration slow_{0};
  std::set<NodeName> cut_;
};

}  // namespace hapx::appliance::sim
