// SPDX-License-Identifier: Apache-2.0
// What does one end of a wire test send, and when?
//
// Two nodes find each other by words on their own addresses (wire_word), and then play on each
// VIP's segment what happens to a VIP, with an address that nobody has:
//
//   meeting ──both hear each other──> asking ──2 s──> first claims ──2 s──> second claims ──> over
//
// While one claims the address (announces it, sends from it, answers for it) the other asks for it
// and sends to it. Who stands first in the file leads, the other follows its words. No address is
// ever added to an interface: all is done with frames, so a killed test leaves nothing behind.
//
// An address that an operator has named is claimed only if nobody, seen from either end, has it.
// The one that is taken by default no host may have (RFC 5737, RFC 3849): whoever answers for it is
// no reason not to claim it, and is told of.
//
// Pure, as all machines of hapx: events in, orders out. io/wire brings the sockets.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "appliance/doctor/ip_packet.hpp"
#include "appliance/doctor/wire_facts.hpp"
#include "appliance/doctor/wire_frame.hpp"
#include "appliance/doctor/wire_plan.hpp"
#include "appliance/doctor/wire_word.hpp"
#include "config/cluster_config.hpp"
#include "config/time.hpp"

namespace hapx::appliance::doctor {

/// A word of a peer, opened.
struct WordHeard {
  NodeName from;
  std::uint64_t incarnation = 0;
  WireWord word;
};
struct FrameHeard {
  std::size_t segment = 0;
  Bytes frame;
};
/// A deadline has come.
struct Woken {};
using WireEvent = std::variant<WordHeard, FrameHeard, Woken>;

struct SendWord {
  NodeName to;
  WireWord word;
};
struct SendFrame {
  std::size_t segment = 0;
  Frame frame;
};
/// Frames for the address's solicited-node group are wanted (RFC 4291, 2.7.1); of IPv6 alone.
struct ListenFor {
  std::size_t segment = 0;
  IpAddress address;
};
using WireOrder = std::variant<SendWord, SendFrame, ListenFor>;
using WireOrders = std::vector<WireOrder>;

inline constexpr Duration meeting_patience = std::chrono::seconds(60);

class WireEnd {
 public:
  struct Options {
    ClusterConfig config;
    NodeName self;
    std::optional<NodeName> peer{};  ///< absent: whoever comes
    std::vector<IpAddress> given{};
    std::uint64_t incarnation = 0;         ///< random, not 0; addresses are drawn by it, too
    std::vector<SegmentEnd> notes{};       ///< what is known of each segment beforehand
    Duration patience = meeting_patience;  ///< for somebody to come
  };

  /// REQUIRES: segments_of takes the file, and there are as many notes.
  WireEnd(Options options, Instant now);

  [[nodiscard]] WireOrders step(const WireEvent& event, Instant now);
  [[nodiscard]] Instant next_deadline() const;
  [[nodiscard]] bool is_over() const { return over_; }
  [[nodiscard]] WirePhase phase() const { return phase_; }
  [[nodiscard]] const std::optional<NodeName>& partner() const { return partner_; }
  [[nodiscard]] const std::vector<NodeName>& candidates() const { return candidates_; }
  /// As far as it has come.
  [[nodiscard]] WireFacts facts() const;

 private:
  struct Heard {
    Instant first{};
    Instant last{};
    std::uint64_t incarnation = 0;
    WireWord word;
  };
  struct Stage {
    Segment segment;
    SegmentEnd here;
    std::optional<SegmentEnd> there;
    bool is_done_there = false;
  };

  void on(const WordHeard& event, Instant now, WireOrders& out);
  void on(const FrameHeard& event, Instant now, WireOrders& out);
  void on(const Woken& event, Instant now, WireOrders& out);

  void choose_partner(Instant now);
  void meet_if_possible(Instant now, WireOrders& out);
  void take_notes(const WireWord& word);
  void enter(WirePhase phase, Instant now);
  void move_on(Instant now);
  void play_due(Instant now, WireOrders& out);
  void ask(Stage& stage, std::size_t index, unsigned round, WireOrders& out);
  void claim(Stage& stage, std::size_t index, unsigned round, WireOrders& out);
  void visit(Stage& stage, std::size_t index, WireOrders& out);
  void send(Stage& stage, std::size_t index, FrameKind kind, Frame frame, WireOrders& out);
  void note_sighting(Stage& stage, std::size_t index, const Sighting& sighting, WireOrders& out);
  void note_claimant(Stage& stage, Bytes frame);
  void note_offer(Stage& stage, Bytes frame);
  void speak_if_due(Instant now, WireOrders& out);
  void end_if_due(Instant now);

  [[nodiscard]] bool is_first() const;
  [[nodiscard]] bool claims_now() const;
  [[nodiscard]] bool may_claim(const Stage& stage) const;
  [[nodiscard]] IpAddress speaker(const Stage& stage) const;
  [[nodiscard]] IpAddress listener(const Stage& stage) const;
  [[nodiscard]] bool is_done(Instant now) const;
  [[nodiscard]] bool has_theirs() const;
  [[nodiscard]] std::optional<Instant> next_round() const;
  [[nodiscard]] WireWord word_about(const Stage* stage, Instant now) const;

  Options options_;
  std::vector<NodeName> candidates_;
  std::vector<Stage> stages_;
  std::map<NodeName, Heard> heard_;
  std::optional<NodeName> partner_;
  std::uint64_t partner_incarnation_ = 0;
  Instant began_;
  WirePhase phase_ = WirePhase::meeting;
  Instant phase_since_;
  Instant met_at_{};
  unsigned round_ = 0;  ///< of the phase
  Instant speak_at_;
  std::string disagreement_;
  std::optional<Meeting> failed_;
  bool partner_is_done_ = false;
  bool partner_has_ours_ = false;
  std::optional<Instant> partner_done_at_;
  bool over_ = false;
};

}  // namespace hapx::appliance::doctor
