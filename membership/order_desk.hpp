// SPDX-License-Identifier: Apache-2.0
// Which orders are on their way, and which have been answered?
//
// An order is given at any node, travels to the coordinator (or to the one node that it is for)
// with each beat until it is answered or its time is over, and is recognized there by its id, so
// that a repeated datagram is not a second order. An order whose answer never came is "unknown",
// not "failed": it may have been carried out.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "config/archived.hpp"
#include "config/time.hpp"
#include "membership/report.hpp"

namespace hapx::membership {

class OrderDesk {
 public:
  static constexpr Duration patience = std::chrono::seconds(3);
  /// Limit: orders given here that wait at the same time; more are answered "unknown" at once.
  static constexpr std::size_t given_max = 16;
  /// Orders of others that the coordinator recognizes when they come again.
  static constexpr std::size_t received_max = 64;

  /// An order given at this node. False: too many wait already.
  bool give(const Order& order, Instant now);
  /// Orders given here for the coordinator that nobody has taken in yet; each once, for when we
  /// coordinate ourselves.
  [[nodiscard]] std::vector<Order> take_undelivered();
  /// Everything that still waits for an answer of the coordinator, to be sent with the next beat.
  [[nodiscard]] std::vector<Order> waiting() const;
  /// And of this node, whoever coordinates.
  [[nodiscard]] std::vector<Order> waiting_for(const NodeName& addressee) const;

  /// True if the order, sent by another node, is new. If it is not, and was answered, the answer
  /// is to be sent again.
  struct Reception {
    bool is_new = false;
    std::optional<OrderAnswer> answer;
  };
  [[nodiscard]] Reception receive(const Order& order);
  /// Our answer, as the coordinator or as the addressee, to another node's order.
  void remember(const OrderAnswer& answer);

  /// An answer has come to an order given here. False: to none that waits.
  bool answered(std::uint64_t id);
  /// Orders whose time is over, each as the answer "unknown".
  [[nodiscard]] std::vector<OrderAnswer> expire(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(given_, received_);
  }

  struct Given {
    Order order;
    Instant until;
    bool delivered = false;
  };
  struct Received {
    std::uint64_t id = 0;
    std::optional<OrderAnswer> answer;
  };

  std::map<std::uint64_t, Given> given_;
  std::deque<Received> received_;
};

}  // namespace hapx::membership
