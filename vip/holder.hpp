// SPDX-License-Identifier: Apache-2.0
// What is to be done about one address, now?
//
// The life of one virtual address on this node. Acquiring is a negotiation: where the lease alone
// does not prove that nobody else has the address the segment is asked, the fence is opened for
// as long as we may act, the address is added, and only when the kernel has acknowledged it and
// HAProxy serves is it announced. Releasing is a reflex: the fence closes, the address goes, and
// nothing is waited for. In between the holder prolongs both, puts the address back when somebody
// deletes it, and reminds the segment.
//
// A routed address (`announce: bgp`) has no segment: nobody is asked, and routers are told by BIRD.
// What a carrier is to the others a session of BIRD is to it. BIRD follows the kernel, so that what
// ends the address ends its route, whoever lives; a switch of its own lets it wait for HAProxy.
//
// It does not know leases (it is told until when it may act, and stops by itself at that instant),
// nor HAProxy (it is told that it serves), nor how anything is done (vip/io, or the simulator).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "vip/action.hpp"
#include "vip/announcement.hpp"
#include "vip/event.hpp"
#include "vip/probing.hpp"
#include "vip/rivals.hpp"

namespace hapx::vip {

/// What makes the wire fall silent when we don't act any more.
enum class FenceKind : std::uint8_t {
  pending,   ///< neither armed nor refused yet
  bpf,       ///< the kernel's filter with its deadlines
  lifetime,  ///< no filter: the address itself ends soon after the last renewal
};

/// With address lifetimes as the fence a shorter lease can't be kept: valid_lft 1 is removed up to
/// 1.25 s after the last renewal.
inline constexpr Duration lifetime_lease_min = std::chrono::milliseconds(1500);

/// What the node, one floor above, should know at once.
/// The address is on the interface; it may be served.
struct Started {};
/// It could not be added, or only half: the holder has let go.
struct StartFailed {
  Error error;
};
/// It is off the interface.
struct Stopped {};
/// The kernel refused to remove it. It is silent all the same: the fence is closed, its lifetime
/// ends.
struct StopFailed {
  Error error;
};
/// Somebody deleted it. It is being added again; Started follows.
struct TakenAway {};
/// No interface, no carrier or no way to routers. REQUIRES of the node: release.
struct LinkLost {
  std::string reason;
};
/// The right is over, or the fence was lost: the holder has let go.
struct HoldingEnded {
  std::string reason;
};
/// The segment was asked, and nobody else has it: it is being added.
struct Unclaimed {};
/// Another host claims it. Told once for each host, as long as that goes on.
struct Contested {
  MacAddress mac;
  enum class Response : std::uint8_t {
    wait,    ///< it is not added before nobody answers any more
    answer,  ///< the other one has only asked; the kernel answers
    defend,  ///< it is announced again
    yield,   ///< the holder has let go, and should acquire again
  } response = Response::wait;
};
using News = std::variant<Started, StartFailed, Stopped, StopFailed, TakenAway, LinkLost,
                          HoldingEnded, Unclaimed, Contested>;

struct Outcome {
  Actions actions;
  std::vector<News> news;
};

/// May not act. The address is off the interface, as far as we know.
struct Released {};

/// May act, and asks first whether anybody else has the address. The fence is closed.
struct Asking {
  Instant until;
  Probing probing;
  std::string trouble;  ///< why the last question could not be sent; empty: it was
};

/// May act; the address isn't acknowledged yet.
struct Acquiring {
  Instant until;
  bool serving = false;    ///< announce as soon as the address is there
  bool been_held = false;  ///< somebody took it away from us
  Instant asked_at{};      ///< when the address was last asked for: its lifetime counts from there
};

/// May act, and the address is on the interface.
struct Held {
  Instant until;
  Instant renewed_at;         ///< when the address's lifetime was last prolonged
  bool renewal_due = false;   ///< the last one was refused, or the fence changed
  unsigned refusals = 0;      ///< of renewals, in a row
  Announcement announcement;  ///< active exactly while serving
};

/// The fence is closed; the address is on its way off the interface.
struct Releasing {
  unsigned attempts = 1;
  std::optional<Instant> retry_at;  ///< set when the removal was refused
};

enum class HolderState : std::uint8_t { released, asking, acquiring, held, releasing };
[[nodiscard]] std::string_view to_string(HolderState state);
[[nodiscard]] std::string_view to_string(FenceKind kind);

/// What every window shows of one address.
struct HolderStatus {
  HolderState state = HolderState::released;
  FenceKind fence = FenceKind::pending;
  bool assigned = false;  ///< the kernel is known to have the address
  bool serving = false;
  std::optional<Instant> until;
  std::string last_error;            ///< the last thing that went wrong, even if it is over
  std::uint64_t taken_away = 0;      ///< times that somebody deleted the address while we held it
  std::uint64_t fence_removals = 0;  ///< times that somebody removed the filter
  std::uint64_t announcements = 0;   ///< sent, both forms counted as one
  std::uint64_t announcement_failures = 0;
  std::string asking_trouble;  ///< why the segment can't be asked; empty: it can, or needn't be
  std::uint64_t claims = 0;    ///< of other hosts, heard while we had it or asked for it
};

/// Why nobody else can have the address without our knowing.
enum class Proof : std::uint8_t {
  held_by_us,  ///< a node of ours had it until a moment ago, and has given or lost its lease
  asked,       ///< the segment was asked before the lease was won (survey), and nobody has it
  none,        ///< nothing: the segment is to be asked
};

//                acquire, proven            AddressAdded
//   released ------------> acquiring ---------------------------> held
//      | acquire              ^
//      +------> asking -------+ three probes, and no answer
//
//      ^  ^                 |  |   ^                              | |
//      |  |  add refused    |  |   +------- AddressRemoved -------+ |
//      |  +-----------------+  |          (by somebody else)        |
//      |                       | release, lose, the instant         | the same; twice refused
//      |                       v `until`, fence lost                v to renew it
//      +---------------------- releasing <--------------------------+
//         AddressRemoved       |  ^   |
//                              +--+   +--> acquiring: acquire, at any time
//             removal refused: again, once a second, five times
//
// asking: like acquiring, it is left by release, lose and the instant `until`.
// adopt: released -> held (an earlier incarnation's, with its instant), or -> releasing.
//
/// Safety: CloseFence stands before every other action of a release, and no action is ever behind
/// an event that a release would have to wait for.
/// Safety: Announce is asked for only while held, that is after AddressAdded, while serving and
/// before `until`. So is Advertise; and a routed address is not added while BIRD would advertise
/// it. Liveness: a deleted address is asked for again in the step that hears of it, unless it is to
/// stay away.
class Holder {
 public:
  /// `lease` is T of LEASE.md; `seed` draws the jitter of announcements.
  Holder(VipConfig vip, Duration lease, std::uint64_t seed);

  [[nodiscard]] const VipConfig& vip() const { return vip_; }

  /// Why this address can't be held here now, or nothing: interface not there, no carrier, fence
  /// not armed yet, lease too short for the fence. Ask before claiming its lease.
  [[nodiscard]] std::optional<std::string> obstacle() const;

  /// The lease is won. With an obstacle, or a right that is over, nothing but StartFailed happens.
  /// While asking, acquiring or held (adopted, or won again) it is an extension.
  [[nodiscard]] Outcome acquire(Instant until, Proof proof, Instant now);
  /// The right was prolonged. Never shortens. Without effect when released or releasing.
  [[nodiscard]] Outcome extend(Instant until, Instant now);
  /// From now on an address that somebody deletes is let go of (true), or asked for again.
  void leave_away(bool yes) { leaves_away_ = yes; }
  /// Lets go at once.
  [[nodiscard]] Outcome release(Instant now);
  /// The right is lost: the same reflex, and the reason is kept for status.
  [[nodiscard]] Outcome lose(const std::string& reason, Instant now);

  /// Asks the segment before there is a lease, and goes on listening: nothing else can tell whether
  /// another node holds it (LEASE.md, rule 25). Call it with every step; nothing while it acts.
  [[nodiscard]] Outcome survey(Instant now);
  void end_survey();
  /// It was asked for over a lease, just now, and nobody answered.
  [[nodiscard]] bool found_free(Instant now) const { return survey_ && survey_->is_free(now); }

  /// Whether another node may have it, too, unheard. Then it is asked for while it is held; and
  /// `gives_way`: if somebody answers it is let go of, for of two the other one keeps it.
  struct Doubt {
    bool doubts = false;
    bool gives_way = false;
  };
  void doubt(const Doubt& doubt) { doubt_ = doubt; }

  /// HAProxy serves: announce, at once if the address is there, else as soon as it is.
  [[nodiscard]] Outcome serve(Instant now);
  /// HAProxy doesn't serve any more: no announcements until serve.
  void stop_serving();
  /// Neighbours may have been told of another place meanwhile, though the address is ours:
  /// announces it as if it had just come (LEASE.md, rule 10). Nothing while it isn't announced at
  /// all.
  [[nodiscard]] Outcome announce_again(Instant now);

  /// An earlier incarnation left the address behind. With a deadline that is not over: held until
  /// then, waiting for acquire (no Started is told: it is); without: released at once. REQUIRES:
  /// the first call of all.
  [[nodiscard]] Outcome adopt(std::optional<Instant> deadline, Instant now);

  /// News of the world. What concerns another address or interface is ignored.
  [[nodiscard]] Outcome step(const Event& event, Instant now);
  /// Time has passed; does whatever is due. Harmless when nothing is.
  [[nodiscard]] Outcome step(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] HolderStatus status() const;
  /// Who else has claimed the address while we had it or asked for it.
  [[nodiscard]] const Rivals& rivals() const { return rivals_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(seed_, state_, leaves_away_, fence_, fence_reason_, link_, routing_, rivals_,
         acting_since_, ask_again_at_, survey_, survey_again_at_, doubt_, disputed_since_,
         answered_at_, adds_unanswered_, removes_unanswered_, told_);
  }

  using State = std::variant<Released, Asking, Acquiring, Held, Releasing>;

  void on(const AddressAdded& event, Instant now, Outcome& out);
  void on(const AddressRefused& event, Instant now, Outcome& out);
  void on(const AddressRemoved& event, Instant now, Outcome& out);
  void on(const LinkChanged& event, Instant now, Outcome& out);
  void on(const FenceArmed& event, Instant now, Outcome& out);
  void on(const FenceUnavailable& event, Instant now, Outcome& out);
  void on(const FenceRemoved& event, Instant now, Outcome& out);
  void on(const ProbeSent& event, Instant now, Outcome& out);
  void on(const ProbeFailed& event, Instant now, Outcome& out);
  void on(const AddressClaimed& event, Instant now, Outcome& out);
  void on(const AskedElsewhere& event, Instant now, Outcome& out);
  void on(const RoutingChanged& event, Instant now, Outcome& out);
  void on(const AnnouncementSent& event, Instant now, Outcome& out);
  void on(const AnnouncementFailed& event, Instant now, Outcome& out);

  void become_asking(Instant until, Instant now, Outcome& out);
  void become_acquiring(Acquiring acquiring, Instant now, Outcome& out);
  void become_held(const Acquiring& before, Instant now, Outcome& out);
  void let_go(Outcome& out);
  void end_holding(std::string reason, Outcome& out);
  void on_add_refused(const Error& error, Outcome& out);
  void on_remove_refused(const Error& error, Instant now, Outcome& out);

  void ask_for_address(Instant until, Instant now, Outcome& out);
  void ask_for_removal(Outcome& out);
  void ask_if_due(Instant now, Outcome& out);
  void ask_again_if_due(Instant now, Outcome& out);
  void hear_while_surveying(const AddressClaimed& event, Instant now, Outcome& out);
  void announce_if_due(Instant now, Outcome& out);
  void answer_claim(const Claim& claim, Rivals::Heard heard, Instant now, Outcome& out);
  [[nodiscard]] bool is_to_give_way(Instant now);
  [[nodiscard]] bool may_add(Instant until, Instant now) const;
  [[nodiscard]] Duration lifetime() const;
  [[nodiscard]] Duration renewal_interval() const;
  [[nodiscard]] std::optional<std::string> link_obstacle() const;
  [[nodiscard]] std::optional<std::string> routing_obstacle() const;
  [[nodiscard]] std::optional<std::string> fence_obstacle() const;
  /// Of what we may act on; acting is to have the fence open.
  [[nodiscard]] std::optional<Instant> until() const;
  [[nodiscard]] std::optional<Instant> acting_until() const;

  VipConfig vip_;
  Duration lease_;
  std::uint64_t seed_;
  State state_ = Released{};
  bool leaves_away_ = false;
  FenceKind fence_ = FenceKind::pending;
  std::string fence_reason_;  ///< of FenceUnavailable
  std::optional<LinkChanged> link_;
  std::optional<RoutingChanged> routing_;  ///< of a routed address
  Rivals rivals_;
  Instant acting_since_{};
  std::optional<Instant> ask_again_at_;  ///< somebody was heard in the first moments, or in doubt
  std::optional<Probing> survey_;        ///< asking without acting
  std::optional<Instant> survey_again_at_;  ///< set once it found the address free
  Doubt doubt_;
  std::optional<Instant> disputed_since_;  ///< in doubt, by who answers for it, too
  std::optional<Instant> answered_at_;     ///< somebody that asked elsewhere
  unsigned adds_unanswered_ = 0;           ///< each AddAddress gets exactly one answer, in order
  unsigned removes_unanswered_ = 0;
  HolderStatus told_;  ///< the counters and last_error
};

}  // namespace hapx::vip
