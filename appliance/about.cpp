// SPDX-License-Identifier: Apache-2.0
#include "appliance/about.hpp"

#include <cstddef>
#include <utility>

#include "appliance/document.hpp"

namespace hapx::appliance {

namespace {

/// Names have letters, digits, '-' and '.'; a '.' that ends a sentence, or a ':', is none of a
/// name.
bool is_of_a_name(std::string_view text, std::size_t at) {
  const char c = text[at];
  const auto plain = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
  };
  if (c == '.') return at + 1 < text.size() && plain(text[at + 1]);
  return plain(c) || c == '-';
}

}  // namespace

bool names(std::string_view text, std::string_view name) {
  if (name.empty()) return false;
  for (std::size_t at = text.find(name); at != std::string_view::npos;
       at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_of_a_name(text, at - 1);
    const std::size_t end = at + name.size();
    if (begins && (end == text.size() || !is_of_a_name(text, end))) return true;
  }
  return false;
}

std::string told_to_json(const Told& told) {
  std::string out = to_json(told.status);
  out.pop_back();  // the brace that closes the status; the events join it
  return out + ",\"events\":" + events_to_json(told.events) + "}";
}

Result<Told> told_from_json(std::string_view text) {
  Result<Status> status = status_from_json(text);
  if (!status) return status.error();
  const Result<YamlNode> tree = tree_from_json(text);
  if (!tree) return tree.error();
  const YamlNode* events = tree->find("events");
  if (!events) return Error{ErrorKind::refused, "there are no events beside the status"};
  Result<std::vector<EventLine>> lines = events_from_json(json_from_tree(*events));
  if (!lines) return lines.error();
  return Told{std::move(*status), std::move(*lines)};
}

Status about(Status status, const NodeName& node) {
  const std::string name = node.text();
  std::erase_if(status.members, [&](const MemberStatus& member) { return member.name != node; });
  for (ServiceStatus& service : status.services) {
    std::erase_if(service.nodes, [&](const ServiceOnNode& place) { return place.node != node; });
  }
  std::erase_if(status.orders, [&](const OrderStatus& order) {
    return !order.node.empty() && order.node != name;
  });
  std::erase_if(status.degraded, [&](const std::string& reason) { return !names(reason, name); });
  return status;
}

Status about(Status status, const ServiceName& service) {
  std::erase_if(status.services, [&](const ServiceStatus& other) { return other.name != service; });
  std::erase_if(status.orders, [&](const OrderStatus& order) {
    return !order.service.empty() && order.service != service.text();
  });
  return status;
}

std::vector<EventLine> about(std::vector<EventLine> lines, const Status& status,
                             const NodeName& node) {
  if (node == status.node) return lines;
  std::erase_if(lines, [&](const EventLine& line) {
    return !names(line.sentence, node.text()) && !names(line.reason, node.text());
  });
  return lines;
}

}  // namespace hapx::appliance
