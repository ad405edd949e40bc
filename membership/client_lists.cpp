// SPDX-License-Identifier: Apache-2.0
#include "membership/client_lists.hpp"

#include <algorithm>
#include <optional>

namespace hapx::membership {

std::vector<ClientsTold> parts_of(const LeaseKey& key, std::uint64_t version,
                                  const std::vector<Endpoint>& clients) {
  const std::size_t all = std::min(clients.size(), clients_max);
  const auto count = static_cast<std::uint32_t>((all + clients_part_max - 1) / clients_part_max);
  if (count == 0) return {{key, version, 0, 0, {}}};
  std::vector<ClientsTold> parts;
  for (std::uint32_t index = 0; index < count; ++index) {
    const auto begin = clients.begin() + static_cast<std::ptrdiff_t>(index * clients_part_max);
    const std::size_t size = std::min(all - index * clients_part_max, clients_part_max);
    parts.push_back(
        {key, version, index, count, {begin, begin + static_cast<std::ptrdiff_t>(size)}});
  }
  return parts;
}

void ClientLists::add(const NodeName& holder, const ClientsTold& part) {
  const std::pair place(holder, part.key);
  if (!under_way_.contains(place) && under_way_.size() >= keys_max) return;
  const auto entry = part.count == 0 ? std::nullopt : std::optional(part.clients);
  const auto complete = under_way_[place].add(part.version, part.index, part.count, entry);
  if (!complete) return;
  std::vector<Endpoint>& list = lists_[part.key];
  list.clear();
  for (const auto& some : *complete) list.insert(list.end(), some.begin(), some.end());
}

void ClientLists::began_anew(const NodeName& holder) {
  std::erase_if(under_way_, [&](const auto& entry) { return entry.first.first == holder; });
}

const std::vector<Endpoint>& ClientLists::of(const LeaseKey& key) const {
  static const std::vector<Endpoint> nobody;
  const auto found = lists_.find(key);
  return found == lists_.end() ? nobody : found->second;
}

}  // namespace hapx::membership
