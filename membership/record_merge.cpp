// SPDX-License-Identifier: Apache-2.0
#include "membership/record_merge.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace hapx::membership {

namespace {

/// What a content says of a subject: the later word counts. Of two of the same name, which no two
/// nodes write, an order counts.
struct Word {
  RecordId said;
  std::optional<StandingOrder> order;  ///< absent: none stands

  friend auto operator<=>(const Word&, const Word&) = default;
};

Word word_on(const Subject& subject, const Record& record) {
  if (const StandingOrder* order = find_order(record.orders, subject)) {
    Word word{order->given.value_or(record.known_up_to()), *order};
    word.order->given.reset();
    return word;
  }
  const LiftedOrder* lifted = find_lifted(record.lifted, subject);
  return {lifted != nullptr ? lifted->lifted : record.known_up_to(), std::nullopt};
}

/// Drops the entry with the lowest name, one without a name first.
template <class Entries, class NameOf>
void drop_first(Entries& entries, const NameOf& name_of) {
  entries.erase(std::ranges::min_element(entries, {}, name_of));
}

}  // namespace

Record merge(const Record& one, const Record& other) {
  Record merged{std::max(one.id, other.id), {}};
  const RecordId floor = std::max(one.known_up_to(), other.known_up_to());
  if (floor != merged.id) merged.floor = floor;
  std::set<Subject> subjects;
  for (const Record* record : {&one, &other}) {
    for (const StandingOrder& order : record->orders) subjects.insert(order.subject);
    for (const LiftedOrder& lifted : record->lifted) subjects.insert(lifted.subject);
  }
  for (const Subject& subject : subjects) {
    Word word = std::max(word_on(subject, one), word_on(subject, other));
    const bool is_above_floor = floor < word.said;
    if (word.order) {
      if (is_above_floor) word.order->given = word.said;
      merged.orders.push_back(*std::move(word.order));
    } else if (is_above_floor) {
      merged.lifted.push_back({subject, word.said});
    }
  }
  return merged;
}

Record succeed(const Record& before, const RecordId& id, StandingOrders orders) {
  Record next{id, std::move(orders), before.known_up_to(), before.lifted};
  for (StandingOrder& order : next.orders) {
    const StandingOrder* stood = find_order(before.orders, order.subject);
    if (stood == nullptr || *stood != order) order.given = id;
  }
  for (const StandingOrder& order : before.orders) next.lifted.push_back({order.subject, id});
  std::erase_if(next.lifted, [&](const LiftedOrder& lifted) {
    return find_order(next.orders, lifted.subject) != nullptr;
  });
  std::ranges::sort(next.lifted, {}, &LiftedOrder::subject);
  return next;
}

Record all_known(Record record, const RecordId& id) {
  for (StandingOrder& order : record.orders) order.given.reset();
  return {id, std::move(record.orders), std::nullopt, {}};
}

Record renamed(Record record, const RecordId& id) {
  record.floor = record.known_up_to();
  record.id = id;
  return record;
}

Record within_limits(Record record) {
  while (record.orders.size() + record.lifted.size() > record_entries_max) {
    if (!record.lifted.empty())
      drop_first(record.lifted, &LiftedOrder::lifted);
    else
      drop_first(record.orders, &StandingOrder::given);
  }
  return record;
}

}  // namespace hapx::membership
