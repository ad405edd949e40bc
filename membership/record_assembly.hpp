// SPDX-License-Identifier: Apache-2.0
// Are all parts of this record here?
//
// A record travels order by order. Unlike membership/assembly, which is done with a version once it
// was complete, the same record may come again and is put together again: a question that is
// repeated gets its answer repeated, too. Parts of another record begin anew.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "membership/message.hpp"

namespace hapx::membership {

class RecordAssembly {
 public:
  struct Whole {
    Record record;
    std::uint64_t filling = 0;
  };

  /// The record, when `part` was the last one missing; nothing if its orders are none of ours.
  std::optional<Whole> add(const RecordPart& part) {
    if (part.count > standing_orders_max) return std::nullopt;
    if (part.id != id_ || part.count != count_ || part.filling != filling_) {
      id_ = part.id;
      count_ = part.count;
      filling_ = part.filling;
      orders_.clear();
    }
    if (part.order && part.index < part.count) orders_.insert_or_assign(part.index, *part.order);
    if (orders_.size() != count_) return std::nullopt;
    Whole whole{{id_, {}}, filling_};
    bool in_order = true;
    for (auto& [index, order] : std::exchange(orders_, {})) {
      in_order = in_order && (whole.record.orders.empty() ||
                              whole.record.orders.back().subject < order.subject);
      whole.record.orders.push_back(std::move(order));
    }
    if (!in_order) return std::nullopt;
    return whole;
  }

 private:
  RecordId id_;
  std::uint32_t count_ = 0;
  std::uint64_t filling_ = 0;
  std::map<std::uint32_t, StandingOrder> orders_;
};

/// One part for each order, or one that says that there is none.
[[nodiscard]] inline std::vector<RecordPart> parts_of(const Record& record, std::uint64_t filling) {
  const auto count = static_cast<std::uint32_t>(record.orders.size());
  std::vector<RecordPart> parts;
  if (count == 0) parts.push_back({record.id, 0, 0, std::nullopt, filling});
  for (std::uint32_t i = 0; i < count; ++i)
    parts.push_back({record.id, i, count, record.orders[i], filling});
  return parts;
}

}  // namespace hapx::membership
