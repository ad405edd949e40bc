// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/plan.hpp"

#include <algorithm>
#include <charconv>

#include "config/schema.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::lab {
namespace {

constexpr unsigned apiserver_count = 3;
constexpr unsigned links_max = 3;  ///< as many as hapx.yaml takes
constexpr std::size_t name_bytes_max = 24;
constexpr unsigned heartbeat_port = 7405;

/// All labs use the same addresses, seen by nobody but the lab itself: the tutorials' network, or
/// one of RFC 3849, where a machine's number has the same digits (2001:db8:4::11).
Cidr host(Family family, unsigned number) {
  if (family == Family::ipv4) return {ipv4(192, 168, 4, static_cast<std::uint8_t>(number)), 24};
  IpAddress address{Family::ipv6, {0x20, 0x01, 0x0d, 0xb8, 0x00, 0x04}};
  address.bytes[14] = static_cast<std::uint8_t>(number / 100);
  address.bytes[15] = static_cast<std::uint8_t>(number / 10 % 10 * 16 + number % 10);
  return {address, 64};
}

/// Of the further networks: 10.0.1.11, or 2001:db8:4:1::11 with the digits as above.
Cidr link_host(Family family, unsigned link, unsigned number) {
  if (family == Family::ipv4) {
    const auto third = static_cast<std::uint8_t>(link);
    return {ipv4(10, 0, third, static_cast<std::uint8_t>(number)), 24};
  }
  Cidr out = host(family, number);
  out.address.bytes[7] = static_cast<std::uint8_t>(link);
  return out;
}

/// The first network is `wire`, so the first further one is `wire2`.
std::string link_bridge(unsigned link) {
  return "wire" + std::to_string(link + 1);
}

/// IPv6 addresses are full of what means something in YAML.
std::string in_yaml(const IpAddress& address, const std::string& text) {
  return address.family == Family::ipv6 ? '"' + text + '"' : text;
}

std::string node_line(const NodePlan& node) {
  std::string text = "    - {name: " + node.name.text() +
                     ", address: " + in_yaml(node.address, to_string(node.address));
  if (!node.links.empty()) {
    text += ", links: [";
    for (const LinkPlan& link : node.links) {
      const IpAddress& address = link.address.address;
      text += (&link == &node.links.front() ? "" : ", ") + in_yaml(address, to_string(address));
    }
    text += "]";
  }
  return text + (node.role == Role::witness ? ", role: witness}\n" : "}\n");
}

std::string cut_table(const NodePlan& node) {
  return "cut_" + node.name.text();
}

Error refusal(std::string sentence) {
  return {ErrorKind::refused, std::move(sentence), 0};
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_lab_name(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool read_number(std::string_view text, unsigned& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc();
}

std::optional<Error> refused(const Wishes& wishes) {
  if (!is_lab_name(wishes.name)) {
    return refusal(shown(wishes.name) +
                   " can't name a lab: use 1 to 24 letters, digits and hyphens, a letter first");
  }
  if (wishes.nodes < 1 || wishes.nodes > 3) {
    return refusal("a lab has 1 to 3 nodes, not " + std::to_string(wishes.nodes));
  }
  if (wishes.witness && wishes.nodes != 3) {
    return refusal("a lab with a witness has 3 nodes: two that serve and the witness");
  }
  if (!schema::value_of(schema::profiles, wishes.profile)) {
    return refusal("there is no timing profile " + shown(wishes.profile) +
                   ": use fast, lan or cloud");
  }
  if (wishes.links > links_max) {
    return refusal("a lab's nodes have 0 to " + std::to_string(links_max) + " further links, not " +
                   std::to_string(wishes.links));
  }
  return std::nullopt;
}

NodePlan plan_node(const Plan& plan, unsigned number) {
  NodePlan node;
  const std::string name = "node" + std::to_string(number);
  const std::string run = plan.run_root + "/" + name;
  node.name = NodeName(name);
  node.netns = "hapx-" + plan.wishes.name + "-" + name;
  node.bridge_port = name;
  node.address = host(plan.wishes.family, 10 + number).address;
  for (unsigned link = 1; link <= plan.wishes.links; ++link) {
    node.links.push_back({link_bridge(link), name + "-" + std::to_string(link + 1),
                          "eth" + std::to_string(link),
                          link_host(plan.wishes.family, link, 10 + number)});
  }
  node.mac.bytes = {0x0a, 0, 0, 0, 0x04, static_cast<std::uint8_t>(10 + number)};
  node.role = plan.wishes.witness && number == plan.wishes.nodes ? Role::witness : Role::full;
  node.run_folder = run + "/run";
  node.boot_id_file = run + "/boot_id";
  node.log_file = run + "/hapxd.log";
  node.state_folder = plan.state_root + "/" + name;
  return node;
}

}  // namespace

Result<Plan> make_plan(const Wishes& wishes) {
  if (auto error = refused(wishes)) return *error;
  Plan plan;
  plan.wishes = wishes;
  plan.timing = schema::value_of(schema::profiles, wishes.profile).value_or(Timing{});
  plan.run_root = "/run/hapx-lab/" + wishes.name;
  plan.state_root = "/var/lib/hapx-lab/" + wishes.name;
  plan.config_file = plan.run_root + "/hapx.yaml";
  plan.key_file = plan.run_root + "/cluster.key";
  plan.wire_netns = "hapx-" + wishes.name + "-wire";
  plan.bridge = "wire";
  plan.apiserver_netns = "hapx-" + wishes.name + "-apiservers";
  plan.client_netns = "hapx-" + wishes.name + "-client";
  plan.client_address = host(wishes.family, 100).address;
  plan.watcher_address = host(wishes.family, 101).address;
  plan.service = ServiceName("kube-apiserver");
  plan.vip = host(wishes.family, 20);
  for (unsigned number = 1; number <= wishes.nodes; ++number) {
    plan.nodes.push_back(plan_node(plan, number));
  }
  for (unsigned number = 1; number <= apiserver_count; ++number) {
    const std::string name = "apiserver" + std::to_string(number);
    plan.apiservers.push_back({name, host(wishes.family, 30 + number).address});
  }
  return plan;
}

std::vector<std::string> namespaces_of(const Plan& plan) {
  std::vector<std::string> names;
  for (const NodePlan& node : plan.nodes) names.push_back(node.netns);
  names.push_back(plan.apiserver_netns);
  names.push_back(plan.client_netns);
  names.push_back(plan.wire_netns);
  return names;
}

const NodePlan* node_of(const Plan& plan, std::string_view name) {
  const auto found = std::ranges::find_if(
      plan.nodes, [&](const NodePlan& node) { return node.name.text() == name; });
  return found == plan.nodes.end() ? nullptr : &*found;
}

const NodePlan* node_of(const Plan& plan, const MacAddress& mac) {
  const auto found = std::ranges::find(plan.nodes, mac, &NodePlan::mac);
  return found == plan.nodes.end() ? nullptr : &*found;
}

std::optional<std::string> netns_of(const Plan& plan, std::string_view where) {
  if (const NodePlan* node = node_of(plan, where)) return node->netns;
  if (where == "client") return plan.client_netns;
  if (where == "apiservers") return plan.apiserver_netns;
  if (where == "wire") return plan.wire_netns;
  return std::nullopt;
}

std::string render_config(const Plan& plan) {
  std::string text =
      "apiVersion: hapx.dev/v1alpha1\n"
      "kind: Cluster\n"
      "metadata: {name: lab}\n"
      "spec:\n"
      "  keyFile: " +
      plan.key_file +
      "\n"
      "  timing: {profile: " +
      plan.wishes.profile +
      "}\n"
      "  metrics: {listen: \"[::]:9405\"}\n"  // also at the VIP: nobody else is in there
      "  nodes:\n";
  for (const NodePlan& node : plan.nodes) text += node_line(node);
  text += "  services:\n    - name: " + plan.service.text() + "\n";
  text += "      vips: [{address: " + in_yaml(plan.vip.address, to_string(plan.vip)) +
          ", interface: " + std::string(inner_interface) + "}]\n";
  text += "      port: " + std::to_string(plan.port) + "\n      apiServers:\n";
  for (const ApiserverPlan& server : plan.apiservers) {
    const Endpoint endpoint{server.address, plan.port};
    text += "        - " + in_yaml(server.address, to_string(endpoint)) + "\n";
  }
  return text;
}

std::string netns_batch(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += "netns add " + name + "\n";
  return text;
}

std::string bridge_batch(const Plan& plan) {
  // No spanning tree and no forward delay: a cable works from the moment it is plugged in.
  std::string text = "link set lo up\n";
  const auto add = [&](const std::string& bridge) {
    text += "link add " + bridge + " type bridge forward_delay 0 stp_state 0 mcast_snooping 0\n" +
            "link set " + bridge + " up\n";
  };
  add(plan.bridge);
  for (unsigned link = 1; link <= plan.wishes.links; ++link) add(link_bridge(link));
  return text;
}

Machine machine_of(const Plan& plan, const NodePlan& node) {
  return {node.netns, node.bridge_port, node.mac, {{node.address, plan.vip.prefix}}, plan.bridge};
}

std::vector<Machine> links_of(const NodePlan& node) {
  std::vector<Machine> cards;
  for (const LinkPlan& link : node.links) {
    cards.push_back(
        {node.netns, link.bridge_port, std::nullopt, {link.address}, link.bridge, link.card});
  }
  return cards;
}

std::vector<std::string> ports_of(const NodePlan& node) {
  std::vector<std::string> ports{node.bridge_port};
  for (const LinkPlan& link : node.links) ports.push_back(link.bridge_port);
  return ports;
}

Machine apiservers_machine(const Plan& plan) {
  Machine machine{plan.apiserver_netns, "apiservers", std::nullopt, {}, plan.bridge};
  for (const ApiserverPlan& server : plan.apiservers) {
    machine.addresses.push_back({server.address, plan.vip.prefix});
  }
  return machine;
}

Machine client_machine(const Plan& plan) {
  return {plan.client_netns,
          "client",
          std::nullopt,
          {{plan.client_address, plan.vip.prefix}},
          plan.bridge};
}

std::vector<Setting> machine_settings(const Plan& plan) {
  if (plan.wishes.family == Family::ipv4) return {};
  // Nobody else is on the wire: nothing to detect, no router to solicit. Of "all" and a card's own
  // accept_dad the greater counts (the kernel's ip-sysctl), so both are set.
  const std::string base = "net/ipv6/conf/";
  return {{base + "all/accept_dad", "0"},
          {base + "default/accept_dad", "0"},
          {base + "default/accept_ra", "0"}};
}

std::string cable_batch(const Machine& machine) {
  const std::string port = machine.bridge_port;
  return "link add " + port + " type veth peer name " + machine.card +
         (machine.mac ? " address " + to_string(*machine.mac) : "") + " netns " + machine.netns +
         "\nlink set " + port + " master " + machine.bridge + " up\n";
}

std::string machine_batch(const Machine& machine) {
  const std::string& card = machine.card;
  std::string text = "link set lo up\n";
  for (const Cidr& address : machine.addresses) {
    const bool is_ipv6 = address.address.family == Family::ipv6;
    text += "addr add " + to_string(address) + (is_ipv6 ? " dev " : " brd + dev ") + card +
            (is_ipv6 ? " nodad\n" : "\n");
  }
  return text + "link set " + card + " up\n";
}

std::string partition_rules(const NodePlan& node, Cut cut) {
  const std::string heartbeat = "\" udp dport " + std::to_string(heartbeat_port) + " drop\n";
  std::string text = "table bridge " + cut_table(node) +
                     " {\n  chain cut {\n"
                     "    type filter hook forward priority 0; policy accept;\n";
  for (const std::string& port : ports_of(node)) {
    text += "    iifname \"" + port + heartbeat;
    if (cut == Cut::both_ways) text += "    oifname \"" + port + heartbeat;
  }
  return text + "  }\n}\n";
}

std::string heal_rules(const NodePlan& node) {
  return "delete table bridge " + cut_table(node) + "\n";
}

std::string render_wishes(const Wishes& wishes) {
  return "name=" + wishes.name + "\nnodes=" + std::to_string(wishes.nodes) +
         "\nwitness=" + (wishes.witness ? "yes" : "no") + "\nprofile=" + wishes.profile +
         "\nip-version=" + (wishes.family == Family::ipv6 ? "6" : "4") +
         "\nlinks=" + std::to_string(wishes.links) + "\n";
}

Result<Wishes> parse_wishes(std::string_view text) {
  Wishes wishes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
      return refusal("a lab's description has a line without =");
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (key == "name") {
      wishes.name = value;
    } else if (key == "profile") {
      wishes.profile = value;
    } else if (key == "witness") {
      wishes.witness = value == "yes";
    } else if (key == "ip-version") {
      if (value != "4" && value != "6") return refusal("a lab's IP version is 4 or 6");
      wishes.family = value == "6" ? Family::ipv6 : Family::ipv4;
    } else if (key == "nodes") {
      if (!read_number(value, wishes.nodes))
        return refusal("a lab's description has no number of nodes");
    } else if (key == "links") {
      if (!read_number(value, wishes.links))
        return refusal("a lab's description has no number of links");
    } else {
      return refusal("a lab's description has the unknown key " + shown(key));
    }
  }
  if (auto error = refused(wishes)) return *error;
  return wishes;
}

}  // namespace hapx::appliance::lab
