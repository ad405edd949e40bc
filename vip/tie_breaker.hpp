// SPDX-License-Identifier: Apache-2.0
// Does a third host of the segment answer us?
//
// Like a sailor in fog who calls to the lighthouse: two ships that don't hear each other learn
// nothing from that, but whoever the lighthouse answers is not lost himself. Where two nodes are
// all, the gateway is asked in the way in which an address is probed, which no host has to be
// prepared for (ARP, Neighbour Discovery): now and then while both nodes hear each other, so that a
// tie-breaker that never answers is noticed before it is needed; with every heartbeat while they
// don't.
//
// What is told is the instant of a question that was answered, never of its answer: the question
// was heard, so we were not cut off then. Which question an answer belongs to can't be seen, so it
// counts for the oldest that is open.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "vip/action.hpp"
#include "vip/event.hpp"

namespace hapx::vip {

class TieBreaker {
 public:
  static constexpr Duration seldom_gap = std::chrono::seconds(10);
  /// An answer that takes longer never comes.
  static constexpr Duration answer_patience = std::chrono::seconds(1);
  /// So many questions in a row without an answer are more than bad luck.
  static constexpr unsigned unanswered_max = 3;

  TieBreaker(TieBreakerConfig config, Duration heartbeat)
      : config_(std::move(config)), heartbeat_(heartbeat) {}

  [[nodiscard]] const TieBreakerConfig& config() const { return config_; }

  enum class Pace : std::uint8_t { seldom, with_heartbeats };
  /// What is to be asked now.
  [[nodiscard]] std::optional<Probe> ask(Pace pace, Instant now);
  /// Others' addresses are ignored.
  void hear(const Event& event, Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const { return next_; }

  /// When it was asked what it answered last.
  [[nodiscard]] std::optional<Instant> answered() const { return answered_; }
  /// Why it is of no use now, without its name: "doesn't answer"; empty: it is.
  [[nodiscard]] std::string trouble() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(pace_, next_, open_, answered_, unanswered_, failure_);
  }

  TieBreakerConfig config_;
  Duration heartbeat_;
  Pace pace_ = Pace::seldom;
  Instant next_{};
  std::optional<Instant> open_;  ///< the oldest question without an answer
  std::optional<Instant> answered_;
  unsigned unanswered_ = 0;
  std::string failure_;  ///< the last question could not be sent; empty: it was
};

}  // namespace hapx::vip
