// SPDX-License-Identifier: Apache-2.0
#include "membership/order_desk.hpp"

#include <algorithm>

namespace hapx::membership {

bool OrderDesk::give(const Order& order, Instant now) {
  if (given_.size() >= given_max) return false;
  given_[order.id] = Given{order, now + patience, false};
  return true;
}

std::vector<Order> OrderDesk::take_undelivered() {
  std::vector<Order> orders;
  for (auto& [id, given] : given_) {
    if (given.delivered || addressee_of(given.order) != nullptr) continue;
    given.delivered = true;
    orders.push_back(given.order);
  }
  return orders;
}

std::vector<Order> OrderDesk::waiting() const {
  std::vector<Order> orders;
  for (const auto& [id, given] : given_)
    if (addressee_of(given.order) == nullptr) orders.push_back(given.order);
  return orders;
}

std::vector<Order> OrderDesk::waiting_for(const NodeName& addressee) const {
  std::vector<Order> orders;
  for (const auto& [id, given] : given_) {
    const NodeName* node = addressee_of(given.order);
    if (node != nullptr && *node == addressee) orders.push_back(given.order);
  }
  return orders;
}

OrderDesk::Reception OrderDesk::receive(const Order& order) {
  const auto known = std::find_if(received_.begin(), received_.end(),
                                  [&](const Received& entry) { return entry.id == order.id; });
  if (known != received_.end()) return {false, known->answer};
  received_.push_back({order.id, std::nullopt});
  if (received_.size() > received_max) received_.pop_front();
  return {true, std::nullopt};
}

void OrderDesk::remember(const OrderAnswer& answer) {
  for (Received& entry : received_)
    if (entry.id == answer.id) entry.answer = answer;
}

bool OrderDesk::answered(std::uint64_t id) {
  return given_.erase(id) > 0;
}

std::vector<OrderAnswer> OrderDesk::expire(Instant now) {
  std::vector<OrderAnswer> unknown;
  for (auto at = given_.begin(); at != given_.end();) {
    if (at->second.until > now) {
      ++at;
      continue;
    }
    const NodeName* node = addressee_of(at->second.order);
    unknown.push_back({at->first, at->second.order.from, OrderOutcome::unknown,
                       "unknown: " + (node != nullptr ? node->text() : "no coordinator") +
                           (node != nullptr ? " did not answer" : " answered") +
                           " within 3 s; the order may yet have been carried out"});
    at = given_.erase(at);
  }
  return unknown;
}

std::optional<Instant> OrderDesk::next_deadline() const {
  std::optional<Instant> earliest;
  for (const auto& [id, given] : given_)
    earliest = earliest ? std::min(*earliest, given.until) : given.until;
  return earliest;
}

}  // namespace hapx::membership
