// SPDX-License-Identifier: Apache-2.0
// What does this node do for those who are connected to one address?
//
// While it serves the address it lists them once a second, and the node tells its peers. When it
// begins to serve it wakes those whom the holder before had listed: their connections ended there
// without a word. A failover is over for clients when they have woken, and that is also the proof
// that the segment knows where the address is now; so the outcome stands in the journal.
//
// Limit: who connected within the last second before the holder was lost is on no list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "appliance/decisions.hpp"
#include "config/archived.hpp"
#include "config/cluster_config.hpp"
#include "vip/event.hpp"
#include "vip/wakening.hpp"

namespace hapx::appliance {

class ClientsHere {
 public:
  ClientsHere(ServiceName service, const Endpoint& served,
              Announcing announce = Announcing::segment)
      : service_(std::move(service)), served_(served), announce_(announce) {}

  [[nodiscard]] const IpAddress& address() const { return served_.address; }

  /// Call it at the end of every step. `serves`: the address is here and announced. `before`: who
  /// was connected to the holder before, by its last word.
  void converge(bool serves, const std::vector<Endpoint>& before, Instant now, Decisions& out);

  void hear(const vip::ClientsListed& event);
  void hear(const vip::ClientsNotListed& event, Instant now, Decisions& out);
  void hear(const vip::ClientWoken& event, Instant now);
  void hear(const vip::TickleFailed& event, Instant now, Decisions& out);

  [[nodiscard]] bool serves() const { return look_at_.has_value(); }
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// Connected to the address here, by the last look.
  [[nodiscard]] std::uint64_t connected() const { return connected_; }
  /// Clients of holders before that have woken, or have not, since hapxd began.
  [[nodiscard]] std::uint64_t woken() const { return woken_; }
  [[nodiscard]] std::uint64_t silent() const { return silent_; }

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(look_at_, wakening_, connected_, woken_, silent_, trouble_);
  }

  void note(Instant now, std::string sentence, std::string reason, Decisions& out) const;
  void wake(Instant now, Decisions& out);

  ServiceName service_;
  Endpoint served_;
  Announcing announce_;
  std::optional<Instant> look_at_;  ///< absent: it isn't served here
  vip::Wakening wakening_;
  std::uint64_t connected_ = 0;
  std::uint64_t woken_ = 0;
  std::uint64_t silent_ = 0;
  std::string trouble_;  ///< why clients are not listed, as it was told last; empty: they are
};

}  // namespace hapx::appliance
