// SPDX-License-Identifier: Apache-2.0
// Which process of that node are we talking with, and what did it last say?
//
// A datagram that opens was made by a node of this cluster, but maybe long ago: somebody may have
// recorded it. Within one process counters tell (replay_window); a process that we don't know yet
// has to repeat a number that we have just made up, the challenge. Only then does it become the
// current one, and only the current one's words count.
//
//             datagram of an unknown process              its beat repeats our challenge
//   (anyone) -------------------------------> unproven ---------------------------------> current
//                  we answer with a challenge                                                |
//                                    superseded <--- the node's next process is current -----+
//
// A second *session* of the node (another boot) while the first is still heard is a rival: a cloned
// machine. It gets no hearing, and is told so, until the first has been silent for a lease. The
// same holds for the first when the second has become the current one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "config/fingerprint.hpp"
#include "membership/assembly.hpp"
#include "membership/codec.hpp"
#include "membership/failure_detector.hpp"
#include "membership/message.hpp"
#include "membership/random.hpp"
#include "membership/replay_window.hpp"

namespace hapx::membership {

class Peer {
 public:
  enum class Reception : std::uint8_t {
    current,      ///< of the process that we know
    promoted,     ///< it has just proven to be the node's process
    unproven,     ///< answer with a challenge, believe nothing
    replayed,     ///< or reordered beyond the window
    another_way,  ///< it has come by one way before, and nothing in it is new
    superseded,   ///< of a process that another of its node has replaced, while that is heard
    rival,        ///< of another session, while the one we know is heard
  };

  Peer(NodeConfig node, const Timing& timing) : node_(std::move(node)), detector_(timing) {
    for (const IpAddress& address : node_.ways())
      ways_.push_back({address, FailureDetector(timing)});
  }

  /// `way`: at which of its addresses it came from.
  [[nodiscard]] Reception receive(const Envelope& envelope, const std::optional<Beat>& beat,
                                  std::size_t way, Instant now, Random& random);

  /// Takes in the beat that receive() has just let in. `self`, `incarnation`: whether it hears us.
  /// One that was overtaken on its way says that its process lives, and no more.
  void heard(const Beat& beat, const NodeName& self, Incarnation incarnation, Instant now);
  /// True if a newer report is complete with this part.
  [[nodiscard]] bool add(const ReportPart& part, Instant now);

  /// To put into a beat for it: a number that only a live process can repeat; 0 if none is due.
  [[nodiscard]] std::uint64_t challenge(Random& random);

  [[nodiscard]] const NodeConfig& node() const { return node_; }
  [[nodiscard]] const FailureDetector& detector() const { return detector_; }
  /// One by one, as node().ways(). Limit: of a recording that is played again within a window's
  /// width by another way it believes that this way works.
  struct Way {
    IpAddress address;
    FailureDetector detector;  ///< unheard for ever where it is the only one
    ReplayWindow window{};
  };
  [[nodiscard]] const std::vector<Way>& ways() const { return ways_; }
  /// Which of them begins there; none of them may.
  [[nodiscard]] std::optional<std::size_t> way_from(const Endpoint& from) const {
    const auto found = std::ranges::find(ways_, from.address, &Way::address);
    if (found == ways_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - ways_.begin());
  }
  /// Absent until a process has proven itself.
  [[nodiscard]] const std::optional<Envelope>& current() const { return current_; }
  [[nodiscard]] bool hears_us() const { return hears_us_; }
  /// By its last beat.
  [[nodiscard]] bool hears(const NodeName& node) const {
    return std::find(hears_.begin(), hears_.end(), node) != hears_.end();
  }
  /// It heard us, and then another process of our name.
  [[nodiscard]] bool hears_our_namesake() const { return hears_our_namesake_; }
  [[nodiscard]] std::uint64_t has_report_version() const { return has_report_version_; }
  [[nodiscard]] const std::optional<PlanId>& has_plan() const { return has_plan_; }
  /// The fingerprint of the configuration that it runs; 0: not told.
  [[nodiscard]] std::uint64_t config() const { return config_; }
  /// True if the parts of that configuration are complete with this one.
  [[nodiscard]] bool add(const ConfigTold& told);
  [[nodiscard]] std::vector<ConfigPart> config_parts() const;
  /// By which list of voters it counts.
  [[nodiscard]] const ElectorateTold& electorate() const { return electorate_; }
  void counts_by(const ElectorateTold& electorate) { electorate_ = electorate; }
  /// The fingerprint of a configuration that waits there, and changes who votes; 0: none does.
  [[nodiscard]] std::uint64_t staged() const { return staged_; }
  /// It coordinates, and could not read the record.
  [[nodiscard]] bool orders_may_be_stale() const { return orders_may_be_stale_; }
  [[nodiscard]] const NodeReport& report() const { return report_; }
  [[nodiscard]] const std::optional<Instant>& report_heard() const { return report_heard_; }
  /// What to tell it of its report: the version that is here in full, 0 if none.
  [[nodiscard]] std::uint64_t report_version() const { return assembly_.complete().value_or(0); }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(detector_, ways_, current_, window_, overtaken_, superseded_, challenge_, hears_,
         hears_us_, hears_our_namesake_, has_report_version_, has_plan_, orders_may_be_stale_,
         electorate_, staged_, config_, config_parts_, assembly_, report_, report_heard_);
  }

  void promote(const Envelope& envelope);

  NodeConfig node_;
  FailureDetector detector_;
  std::vector<Way> ways_;
  std::optional<Envelope> current_;  ///< counter is meaningless
  ReplayWindow window_;
  bool overtaken_ = false;              ///< what came last was sent before something that had come
  std::deque<Incarnation> superseded_;  ///< the last superseded_max
  std::uint64_t challenge_ = 0;

  std::vector<NodeName> hears_;
  bool hears_us_ = false;
  bool hears_our_namesake_ = false;
  std::uint64_t has_report_version_ = 0;
  std::optional<PlanId> has_plan_;
  bool orders_may_be_stale_ = false;
  ElectorateTold electorate_;
  std::uint64_t staged_ = 0;
  std::uint64_t config_ = 0;
  std::map<std::uint32_t, ConfigPart> config_parts_;
  Assembly<std::uint64_t, ServiceReport> assembly_;
  NodeReport report_;
  std::optional<Instant> report_heard_;
};

}  // namespace hapx::membership
