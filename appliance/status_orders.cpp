// SPDX-License-Identifier: Apache-2.0
#include "appliance/status_orders.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "appliance/journal.hpp"
#include "appliance/json_reading.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance {
namespace {

namespace json = boost::json;

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(json::string(printable(text)));
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : printable(text);
}

json::value milliseconds_or_null(const std::optional<Duration>& duration) {
  if (!duration) return nullptr;
  return std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::milliseconds>(*duration).count());
}

/// More than a century is a century.
std::optional<Duration> milliseconds_at(const json::object& object, std::string_view key) {
  constexpr std::int64_t century_ms = 3'155'760'000'000;
  const json::value* value = object.if_contains(key);
  const std::int64_t* number = value ? value->if_int64() : nullptr;
  if (!number) return std::nullopt;
  return std::chrono::milliseconds(std::clamp<std::int64_t>(*number, 0, century_ms));
}

json::array orders_array(const Status& status) {
  json::array orders;
  for (const OrderStatus& order : status.orders) {
    orders.push_back(json::object{{"kind", json::string(printable(order.kind))},
                                  {"node", text_or_null(order.node)},
                                  {"service", text_or_null(order.service)},
                                  {"by", json::string(printable(order.by))},
                                  {"since", json::string(printable(order.since))},
                                  {"until", text_or_null(order.until)},
                                  {"ageMs", milliseconds_or_null(order.age)},
                                  {"leftMs", milliseconds_or_null(order.left)}});
  }
  return orders;
}

}  // namespace

void add_orders(json::object& document, const Status& status) {
  document["orders"] = orders_array(status);
  document["ordersState"] = json::string(to_string(status.orders_state));
}

void read_orders(const json::object& document, Status& status) {
  const json::value* value = document.if_contains("orders");
  const json::array* orders = value ? value->if_array() : nullptr;
  if (orders) {
    for (const json::value& each : *orders) {
      const json::object* order = each.if_object();
      if (!order) continue;
      status.orders.push_back(
          {text_at(*order, "kind"), text_at(*order, "node"), text_at(*order, "service"),
           text_at(*order, "by"), text_at(*order, "since"), text_at(*order, "until"),
           milliseconds_at(*order, "ageMs"), milliseconds_at(*order, "leftMs")});
    }
  }
  const std::string state = text_at(document, "ordersState");
  for (const auto known : {OrdersState::unread, OrdersState::stale}) {
    if (state == to_string(known)) status.orders_state = known;
  }
}

std::string orders_to_json(const Status& status) {
  return json::serialize(orders_array(status));
}

std::string orders_to_text(const Status& status, Style style) {
  std::vector<std::string> headings{"STANDING ORDER", "SERVICE", "NODE", "BY", "SINCE", "UNTIL"};
  if (style.detail == Detail::wide) headings.insert(headings.end(), {"AGE", "LEFT"});
  Table table(std::move(headings));
  for (const OrderStatus& order : status.orders) {
    table.add({{printable(order.kind), Tone::warning},
               {or_dash(order.service), Tone::plain},
               {order.kind == "maintenance" ? "all" : or_dash(order.node), Tone::plain},
               {or_dash(order.by), Tone::plain},
               {or_dash(order.since), Tone::faint},
               {order.until.empty() ? "lifted" : printable(order.until), Tone::plain},
               {order.age ? age_text(*order.age) : "-", Tone::plain},
               {order.left ? age_text(*order.left) : "-", Tone::plain}});
  }
  return table.text(style);
}

}  // namespace hapx::appliance
