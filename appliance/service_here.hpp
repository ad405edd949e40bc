// SPDX-License-Identifier: Apache-2.0
// What does this node do for one service?
//
// It holds the service's addresses when it is assigned and has their leases, keeps the books of
// "VIP, then HAProxy; stop in reverse", counts failures, and reports all that. It is reconciled
// rather than commanded: each step compares what is wanted with what is, and asks for the next
// thing missing; so it doesn't matter in which order news arrive, nor how many are lost.
//
//                 assigned              all leases           all addresses added
//      resting ------------> claiming ------------> raising ---------------------> up
//         ^                     |                      |                            |
//         |                     | no longer assigned   | a lease lost, link gone,   | HAProxy
//         ready: |                     v                      v no longer assigned         v
//         serving (books)
//         +---------------- lowering <---------------------------------------------+
//              all silent     (HAProxy's books, fence, address, then the leases)
//
// Safety: nothing is announced before the address is there and HAProxy serves: holders are told to
// serve only from `up`.
// Safety: a key is released only when its holder is silent.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "appliance/decisions.hpp"
#include "appliance/status.hpp"
#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "membership/report.hpp"
#include "membership/view.hpp"
#include "vip/holder.hpp"

namespace hapx::appliance {

/// What a service has to know of the rest of the node.
struct Surroundings {
  const std::map<membership::LeaseKey, Instant>& rights;
  bool leaving = false;  ///< hapxd is ending: want nothing
  /// Of two nodes the other one may be gone: find out whether anybody has the addresses.
  bool asks = false;
  vip::Holder::Doubt doubt{};
};

class ServiceHere {
 public:
  ServiceHere(const ServiceConfig& service, const ClusterConfig& cluster, std::uint64_t seed);

  [[nodiscard]] const ServiceConfig& config() const { return service_; }

  /// What the plan wants of this node; both false if the service is elsewhere.
  struct Wanted {
    bool vip = false;
    bool haproxy = false;
    bool moved = false;

    friend bool operator==(const Wanted&, const Wanted&) = default;
  };
  void want(const Wanted& wanted) {
    wanted_ = wanted;
    inherited_ = false;
    has_plan_ = true;
  }
  [[nodiscard]] const Wanted& wanted() const { return wanted_; }

  /// An earlier incarnation left `address` behind. With a fence that is still open it is held and
  /// wanted until a plan says otherwise, or holding it ends; without, it is released.
  void adopt(const IpAddress& address, std::optional<Instant> deadline, Instant now,
             Decisions& out);

  /// News about one of our addresses or interfaces; others' are ignored.
  void hear(const vip::Event& event, Instant now, Decisions& out);

  /// In maintenance: what somebody removes from now on stays away, and is only counted; so does
  /// what hapxd did not find as it began.
  void leave_alone(bool yes);

  /// Whether a peer says that it holds this service, by the same file.
  void others_hold(bool yes, Instant now);
  /// A peer says that another host has an address of it: what we knew of our own proves nothing.
  void others_wait();

  /// Neighbours may look for our addresses elsewhere.
  void announce_again(Instant now, Decisions& out);

  /// HAProxy died or hung while it served this: one failure.
  void haproxy_failed(const std::string& how, Instant now, Decisions& out);
  /// HAProxy is warm, and the supervisor's books say that it serves this.
  void haproxy_serving(Instant now, Decisions& out);

  /// As if nothing had ever failed here. What is still wrong is found again, and counts anew.
  /// Returns whether anything was forgotten.
  bool forget_failures(Instant now, Decisions& out);

  /// Compares wanted and present, and asks for what is missing. Call it at the end of every step.
  void converge(const Surroundings& around, Instant now, Decisions& out);

  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// Our part of the report; readiness of HAProxy is filled in by the caller.
  [[nodiscard]] membership::ServiceReport report(Instant now) const;
  /// We want the leases, or still have them.
  [[nodiscard]] bool claimed() const { return claimed_; }
  /// Adds the addresses that were asked for, and that nobody has.
  void add_free(std::set<membership::LeaseKey>& free, Instant now) const;
  /// It is the lease of one of our addresses.
  [[nodiscard]] bool claims(const membership::LeaseKey& key) const;
  [[nodiscard]] const std::vector<vip::Holder>& holders() const { return holders_; }
  /// The earliest end of our rights; absent unless we hold all addresses.
  [[nodiscard]] std::optional<Instant> right_until() const;
  /// Why it isn't held although it is wanted; empty if it is.
  [[nodiscard]] const std::string& obstacle() const {
    return obstacle_.empty() ? waits_for_ : obstacle_;
  }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(wanted_, holders_, links_, claimed_, has_plan_, inherited_, adopted_, was_wanted_, was_up_,
         moved_here_, left_alone_, stays_away_, others_hold_, gives_way_, gave_way_, asks_since_,
         held_until_, obstacle_, waits_for_, vip_state_, haproxy_state_, announced_, start_error_,
         vip_failures_, haproxy_failures_);
  }

  struct Failures {
    std::uint32_t count = 0;
    Instant last{};
  };
  enum class Fatality { counted, fatal };
  [[nodiscard]] bool expired(const Failures& failures, Instant now) const;

  void count(Failures& failures, Fatality fatality, Instant now) const;
  [[nodiscard]] std::string obstacle_to_holding(const Surroundings& around, Instant now) const;
  [[nodiscard]] bool is_blocked() const;
  [[nodiscard]] vip::Proof proof(const vip::Holder& holder, const Surroundings& around,
                                 Instant now) const;
  void survey(const Surroundings& around, Instant now, Decisions& out);
  void taken_away(const std::string& address, Instant now, Decisions& out);
  void contested(const vip::Holder& holder, const vip::Contested& news, Instant now,
                 Decisions& out);
  void take(const vip::Holder& holder, vip::Outcome outcome, Instant now, Decisions& out);
  void end_adoption();
  void take_news(const vip::Holder& holder, const vip::News& news, Instant now, Decisions& out);
  void announced(const vip::AnnouncementSent& event, Instant now, Decisions& out);
  [[nodiscard]] std::string claimant(Instant now) const;
  void tell_what_is_asked(const vip::Holder& holder, Instant now, Decisions& out) const;
  void raise(const Surroundings& around, Instant now, Decisions& out);
  void lower(Instant now, Decisions& out);
  void keep_haproxy_books(Instant now, Decisions& out);
  void note(Decisions& out, Instant now, EventKind kind, std::optional<FailoverPhase> phase,
            std::string sentence, std::string reason = {}) const;

  ServiceConfig service_;
  Timing timing_;
  Scheduling scheduling_;
  Wanted wanted_;
  std::vector<vip::Holder> holders_;  ///< one per VIP, in the file's order
  std::vector<membership::LeaseKey> keys_;
  std::map<InterfaceName, bool> links_;  ///< there, and with a carrier
  bool claimed_ = false;                 ///< membership was told that we want the keys
  bool has_plan_ = false;                ///< this process has heard one
  bool inherited_ = false;   ///< it is wanted because it was held; no plan has been heard
  bool adopted_ = false;     ///< held on an earlier incarnation's right, ours is not won yet
  bool was_wanted_ = false;  ///< by the last look
  bool was_up_ = false;      ///< all addresses were added, by the last look
  bool moved_here_ = false;
  bool left_alone_ = false;
  bool stays_away_ =
      false;  ///< what is not here any more is not added, as long as it is left alone
  bool others_hold_ = false;
  bool gives_way_ = false;               ///< to the other node, where that may have it unheard
  bool gave_way_ = false;                ///< just now
  std::optional<Instant> asks_since_{};  ///< whether anybody has the addresses
  std::optional<Instant> held_until_;    ///< when a node of ours was last known to hold it
  std::string obstacle_;
  std::string waits_for_;  ///< who else has an address that we ask for; empty: nobody
  membership::ResourceState vip_state_ = membership::ResourceState::stopped;
  membership::ResourceState haproxy_state_ = membership::ResourceState::stopped;
  std::set<IpAddress> announced_;  ///< since HAProxy began to serve
  std::string start_error_;        ///< of the last failed start or stop of the VIP
  Failures vip_failures_;
  Failures haproxy_failures_;
};

}  // namespace hapx::appliance
