// SPDX-License-Identifier: Apache-2.0
// What happens to a datagram between two nodes?
//
// It may be lost, doubled, late, and so overtaken by a later one; it may meet a cut, which can be
// of one direction only. The network answers one question, "which copies arrive, and after how
// long?", and remembers nothing of what it carried. It knows machines by name, not what they say.
#pragma once

#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "appliance/sim/random.hpp"
#include "config/ids.hpp"
#include "config/time.hpp"

namespace hapx::appliance::sim {

/// How bad the weather is. A delay is drawn evenly for each copy, so a wide range reorders.
struct Weather {
  unsigned loss_permille = 0;
  unsigned duplicate_permille = 0;
  Duration delay_min = std::chrono::microseconds(50);
  Duration delay_max = std::chrono::microseconds(250);

  friend bool operator==(const Weather&, const Weather&) = default;
};

class Network {
 public:
  explicit Network(std::uint64_t seed) : random_(seed) {}

  /// How long each copy that arrives is under way; empty: lost. At most two.
  [[nodiscard]] std::vector<Duration> carry(const NodeName& from, const NodeName& to,
                                            std::size_t way = 0);

  /// From now on nothing gets from `from` to `to`. What is under way still arrives.
  void cut_one_way(const NodeName& from, const NodeName& to);
  void cut(const NodeName& a, const NodeName& b);
  /// One of the ways between them, in both directions.
  void cut_way(const NodeName& a, const NodeName& b, std::size_t way);
  void heal(const NodeName& a, const NodeName& b);
  void heal_all();

  void set_weather(const Weather& weather) { weather_ = weather; }
  [[nodiscard]] const Weather& weather() const { return weather_; }
  [[nodiscard]] bool carries(const NodeName& from, const NodeName& to, std::size_t way = 0) const;

 private:
  Random random_;
  Weather weather_;
  std::set<std::pair<NodeName, NodeName>> cuts_;  ///< from, to, by all ways
  std::set<std::tuple<NodeName, NodeName, std::size_t>> ways_cut_;
};

}  // namespace hapx::appliance::sim
