// SPDX-License-Identifier: Apache-2.0
// Who was connected to an address, by the last word of whoever held it?
//
// A holder tells its list once a second, in parts, and as often as it is told it replaces the one
// before; what is lost is told again a second later. Nobody decides by it: whoever holds the
// address next wakes those clients, and one that isn't there any more does no harm.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "config/archived.hpp"
#include "config/ids.hpp"
#include "config/net.hpp"
#include "membership/assembly.hpp"
#include "membership/ballot.hpp"
#include "membership/message.hpp"

namespace hapx::membership {

/// A list in parts.
[[nodiscard]] std::vector<ClientsTold> parts_of(const LeaseKey& key, std::uint64_t version,
                                                const std::vector<Endpoint>& clients);

class ClientLists {
 public:
  /// Limit: lists of so many keys are kept; of one more nothing is.
  static constexpr std::size_t keys_max = 256;

  void add(const NodeName& holder, const ClientsTold& part);
  /// Another process of that node counts its versions from the beginning.
  void began_anew(const NodeName& holder);

  /// Empty, too, if nobody ever told.
  [[nodiscard]] const std::vector<Endpoint>& of(const LeaseKey& key) const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(under_way_, lists_);
  }

  using Parts = Assembly<std::uint64_t, std::vector<Endpoint>>;

  std::map<std::pair<NodeName, LeaseKey>, Parts> under_way_;
  std::map<LeaseKey, std::vector<Endpoint>> lists_;
};

}  // namespace hapx::membership
