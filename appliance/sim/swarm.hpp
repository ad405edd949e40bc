// SPDX-License-Identifier: Apache-2.0
// What if everything goes wrong, in an order that nobody thought of?
//
// One seed draws a cluster, its clocks and a plot in acts. In an act anything may happen and only
// safety is demanded, at every instant; at its end all is healed, and the cluster must serve within
// the bound and then stand still. A plot that fails can be cut shorter, to the operations without
// which it would not fail.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "appliance/sim/plot.hpp"

namespace hapx::appliance::sim {

/// Which deeds a plot is drawn from. New ones begin a new edition, so that a seed that was kept
/// still tells the story that it was kept for.
inline constexpr unsigned newest_edition = 8;

/// The same seed, length and edition are the same plot, on every machine and every day. `length`:
/// about how much simulated time it takes; the last act is ended whole. REQUIRES: 1 <= edition <=
/// newest_edition.
[[nodiscard]] Plot draw_plot(std::uint64_t seed, Duration length,
                             unsigned edition = newest_edition);

struct Played {
  Duration simulated{0};
  std::size_t operations = 0;  ///< that were carried out
  /// What was wrong, each "<checker>: <sentence>"; empty: nothing. It ends with the first.
  std::vector<std::string> complaints;
  std::string trace;  ///< one line per event and decision; empty if nothing was wrong
};

[[nodiscard]] Played play(const Plot& plot);

/// A plot with some of the operations, in their order, that still makes the same checker complain.
/// Plays it at most `plays_max` times. REQUIRES: play(plot) complains. The way: delta debugging
/// (Zeller and Hildebrandt, 2002).
[[nodiscard]] Plot shorten(const Plot& plot, unsigned plays_max);

}  // namespace hapx::appliance::sim
