// SPDX-License-Identifier: Apache-2.0
#include "vip/rivals.hpp"

#include <algorithm>
#include <utility>

namespace hapx::vip {

namespace {

constexpr Duration news_gap = std::chrono::seconds(1);

}  // namespace

Rivals::Heard Rivals::hear(const Claim& claim, WireFrame frame, Instant now) {
  Heard heard;
  heard.begins = present(now) == nullptr;
  auto known = std::ranges::find(rivals_, claim.mac, &Rival::mac);
  if (known == rivals_.end()) {
    if (rivals_.size() == kept_max)
      rivals_.erase(std::ranges::min_element(rivals_, {}, &Rival::last));
    rivals_.push_back({claim.mac, claim.kind, now, now, 0, {}});
    known = std::prev(rivals_.end());
  }
  heard.is_news = (known->claims == 0 || now - known->last >= patience) &&
                  (!news_at_ || now - *news_at_ >= news_gap);
  if (heard.is_news) news_at_ = now;
  known->kind = claim.kind;
  known->last = now;
  ++known->claims;
  if (known->evidence.size() == evidence_max) known->evidence.pop_front();
  known->evidence.push_back({now, std::move(frame)});
  return heard;
}

void Rivals::defend(Instant now) {
  if (defence_due_) return;
  Instant due = now;
  if (defended_at_) due = std::max(due, *defended_at_ + defence_gap);
  defence_due_ = std::max(due, spent_until_ - (defences_at_once - 1) * defence_pace);
}

bool Rivals::take_defence_due(Instant now) {
  if (!defence_due_ || now < *defence_due_) return false;
  defence_due_.reset();
  spent_until_ = std::max(spent_until_, now) + defence_pace;
  defended_at_ = now;
  return true;
}

const Rival* Rivals::present(Instant now) const {
  const auto last = std::ranges::max_element(rivals_, {}, &Rival::last);
  if (last == rivals_.end() || now - last->last >= patience) return nullptr;
  return settled_at_ && last->last < *settled_at_ ? nullptr : &*last;
}

}  // namespace hapx::vip
