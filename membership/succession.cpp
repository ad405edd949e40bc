// SPDX-License-Identifier: Apache-2.0
#include "membership/succession.hpp"

#include <algorithm>
#include <utility>

#include "membership/bytes.hpp"

namespace hapx::membership {

std::uint64_t hash_of(const Votes& list) {
  ByteWriter writer;
  for (const auto& [node, votes] : list) {
    writer.text(node.text());
    writer.u32(votes);
  }
  const std::uint64_t hash = fnv1a(std::move(writer).take());
  return hash == 0 ? 1 : hash;
}

unsigned votes_between(const Votes& before, const Votes& after) {
  unsigned changed = 0;
  for (const auto& [node, votes] : before) {
    const auto found = after.find(node);
    const unsigned later = found == after.end() ? 0 : found->second;
    changed += votes > later ? votes - later : later - votes;
  }
  for (const auto& [node, votes] : after)
    if (!before.contains(node)) changed += votes;
  return changed;
}

KeptElectorate adopt(const std::optional<KeptElectorate>& kept, const Votes& list) {
  if (!kept) return {1, list, 0, {}};
  if (kept->list == list) return *kept;
  KeptElectorate next{kept->generation + 1, list, hash_of(kept->list), {kept->list}};
  for (const Votes& before : kept->previous)
    if (before != list) next.previous.push_back(before);
  const bool is_unknown = kept->succeeds != 0 && kept->previous.empty();
  if (is_unknown || next.previous.size() >= lists_max) next.previous.clear();
  return next;
}

Succession::Succession(KeptElectorate kept, const NodeName& self)
    : kept_(std::move(kept)),
      electorate_(std::vector{kept_.list}),
      list_(hash_of(kept_.list)),
      adopted_{self} {
  count_anew();
  settle_if_adopted();
}

ElectorateTold Succession::told() const {
  return {kept_.generation, list_, kept_.succeeds};
}

/// Safety: whoever was never told which list it succeeds has no majority until that is over.
void Succession::count_anew() {
  std::vector<Votes> lists{kept_.list};
  if (!settled() && kept_.previous.empty()) lists.emplace_back();
  lists.insert(lists.end(), kept_.previous.begin(), kept_.previous.end());
  electorate_ = Electorate(std::move(lists));
}

/// Safety: two who are foreign to each other may both count, but no voter counts for both: each
/// votes under one list at a time, and keeps what it has promised when it adopts the next.
Kinship Succession::kinship(const ElectorateTold& theirs) const {
  // Before anybody has changed it, an earlier version's list is the one of the file, as ever.
  if (theirs.generation == 0) return kept_.generation == 1 ? Kinship::same : Kinship::foreign;
  if (theirs.list == list_) return Kinship::same;
  if (theirs.succeeds == list_ && theirs.generation > kept_.generation) return Kinship::successor;
  if (theirs.list == kept_.succeeds && theirs.generation < kept_.generation)
    return Kinship::predecessor;
  return Kinship::foreign;
}

bool Succession::heard(const NodeName& from, const ElectorateTold& theirs) {
  if (theirs.list != list_) {
    adopted_.erase(from);
    return false;
  }
  const ElectorateTold before = told();
  const bool is_new = kept_.generation == 1 && adopted_.size() == 1;
  if (theirs.succeeds == 0 && theirs.generation >= kept_.generation) settle();
  if (theirs.generation > kept_.generation) {
    kept_.generation = theirs.generation;
    // We have never counted by another, and the first whom we hear with our list says that another
    // counts, too: we are the new one. Later nobody can unsettle it, or two could unsettle each
    // other.
    if (theirs.succeeds != 0 && settled() && is_new) {
      kept_.succeeds = theirs.succeeds;
      count_anew();
    }
  }
  adopted_.insert(from);
  settle_if_adopted();
  return told() != before;
}

void Succession::settle_if_adopted() {
  if (!settled() && electorate_.is_majority(adopted_)) settle();
}

void Succession::settle() {
  if (settled()) return;
  kept_.succeeds = 0;
  kept_.previous.clear();
  count_anew();
}

std::vector<NodeName> Succession::missing() const {
  std::set<NodeName> names;
  const auto add = [&](const Votes& list) {
    for (const auto& [node, votes] : list)
      if (votes > 0 && !adopted_.contains(node)) names.insert(node);
  };
  add(kept_.list);
  for (const Votes& list : kept_.previous) add(list);
  return {names.begin(), names.end()};
}

}  // namespace hapx::membership
