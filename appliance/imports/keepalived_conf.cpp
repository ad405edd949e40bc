// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/keepalived_conf.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "appliance/imports/reasons.hpp"
#include "appliance/imports/statement.hpp"
#include "config/net.hpp"

namespace hapx::appliance::imports {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view no_address = "it is no IP address";
constexpr std::uint16_t kube_port = 6443;

/// Words behind an address that have another one behind them.
constexpr std::array with_value{"dev"sv,  "label"sv, "brd"sv,         "broadcast"sv,    "scope"sv,
                                "peer"sv, "via"sv,   "track_group"sv, "preferred_lft"sv};

class Reader {
 public:
  explicit Reader(std::string_view file) { source_.file = file; }

  [[nodiscard]] Source read(const std::vector<Statement>& statements) {
    for (const Statement& block : statements) {
      const auto name = block.word(0);
      if (name == "vrrp_instance" && block.has_block) {
        read_instance(block);
      } else if (name == "virtual_server" && block.has_block) {
        read_virtual_server(block);
      } else if (name == "global_defs" && block.has_block) {
        read_globals(block);
      } else if (name != "vrrp_sync_group") {
        leave_out(block, reasons::keepalived_blocks);
      }
    }
    for (const Statement& block : statements) {
      if (block.word(0) == "vrrp_sync_group") unite(block);
    }
    for (SourceGroup& group : source_.groups) {
      for (Priority& priority : group.priorities) priority.name = router_;
    }
    drop_the_empty();
    return std::move(source_);
  }

 private:
  [[nodiscard]] Place place(const Statement& statement) const {
    return {source_.file, statement.line};
  }

  void leave_out(const Statement& statement, Reasons reasons) {
    leave_out(statement, why_not(reasons, statement.word(0)));
  }

  void leave_out(const Statement& statement, std::string_view why) {
    imports::leave_out(source_.remarks, place(statement), statement.text(), why);
  }

  void read_globals(const Statement& globals) {
    for (const Statement& line : globals.block) {
      if (line.word(0) == "router_id") router_ = line.text(1);
      leave_out(line, reasons::keepalived_instance);
    }
  }

  void read_instance(const Statement& instance) {
    SourceGroup group;
    group.name = instance.word(1);
    Priority priority;
    priority.place = place(instance);
    std::string interface;
    SourceNode self;
    std::vector<SourceNode> peers;
    for (const Statement& line : instance.block) {
      const auto key = line.word(0);
      if (key == "interface" && !line.word(1).empty()) {
        interface = line.word(1);
      } else if (key == "priority") {
        read_priority(line, priority);
      } else if (key == "virtual_ipaddress" || key == "virtual_ipaddress_excluded") {
        for (const Statement& address : line.block) read_address(address, group);
      } else if (key == "unicast_src_ip" && parse_ip(line.word(1))) {
        priority.address = line.word(1);
        self = {"", "", {priority.address}, {}, place(line)};
      } else if (key == "unicast_peer") {
        for (const Statement& peer : line.block) read_peer(peer, peers);
      } else {
        if (key == "nopreempt") priority.returns = false;
        leave_out(line, reasons::keepalived_instance);
      }
    }
    for (SourceVip& vip : group.vips) {
      if (vip.interface.empty()) vip.interface = interface;
    }
    if (!self.addresses.empty()) add_node(std::move(self));
    for (SourceNode& peer : peers) add_node(std::move(peer));
    if (group.vips.empty()) return leave_out(instance, "it has no address that can be read");
    source_.policies.push_back({NoQuorumPolicy::ignore, place(instance), "VRRP without quorum"});
    group.priorities.push_back(std::move(priority));
    source_.groups.push_back(std::move(group));
  }

  void read_priority(const Statement& line, Priority& priority) {
    const auto value = as_number(line.word(1), 255);
    if (!value) return leave_out(line, "a priority is a number from 1 to 255");
    priority.value = *value;
    priority.place = place(line);
  }

  void read_peer(const Statement& peer, std::vector<SourceNode>& peers) {
    if (!parse_ip(peer.word(0))) return leave_out(peer, no_address);
    peers.push_back({"", "", {std::string(peer.word(0))}, {}, place(peer)});
    if (peer.words.size() > 1) leave_out(peer, reasons::keepalived_instance);
  }

  void add_node(SourceNode node) {
    const auto same = [&](const SourceNode& other) { return other.addresses == node.addresses; };
    if (std::ranges::none_of(source_.nodes, same)) source_.nodes.push_back(std::move(node));
  }

  /// "192.168.4.20/27 dev eth0 label eth0:1".
  void read_address(const Statement& statement, SourceGroup& group) {
    const auto text = statement.word(0);
    const auto slash = text.find('/');
    SourceVip vip;
    vip.address = text.substr(0, slash);
    vip.place = place(statement);
    const auto address = parse_ip(vip.address);
    if (!address) return leave_out(statement, no_address);
    // Without one it is an address of its own, keepalived says.
    vip.prefix = slash == text.npos ? std::to_string(8 * byte_count(address->family))
                                    : std::string(text.substr(slash + 1));
    for (std::size_t i = 1; i < statement.words.size(); ++i) {
      const auto word = statement.word(i);
      const bool valued = std::ranges::find(with_value, word) != with_value.end();
      const auto value = valued ? statement.word(++i) : std::string_view();
      if (word == "dev" && !value.empty()) {
        vip.interface = value;
      } else {
        const std::string words = std::string(word) + (valued ? " " + std::string(value) : "");
        imports::leave_out(source_.remarks, place(statement), words,
                           why_not(reasons::keepalived_address, word));
      }
    }
    group.vips.push_back(std::move(vip));
  }

  /// "virtual_server 192.168.4.20 6443 { real_server 192.168.4.31 6443 { } }".
  void read_virtual_server(const Statement& statement) {
    SourceFrontend frontend;
    frontend.name = statement.text();
    frontend.place = place(statement);
    const auto port = as_number(statement.word(2), 65535);
    if (!parse_ip(statement.word(1)) || !port || *port == 0) {
      return leave_out(statement, "only one with an address and a port can be taken");
    }
    frontend.addresses.emplace_back(statement.word(1));
    frontend.port = {static_cast<std::uint16_t>(*port), place(statement), statement.text()};
    for (const Statement& line : statement.block) {
      if (line.word(0) != "real_server") {
        imports::leave_out(frontend.remarks, place(line), line.text(), "HAProxy, no IPVS");
        continue;
      }
      const auto server_port = as_number(line.word(2), 65535).value_or(*port);
      if (!parse_ip(line.word(1)) || server_port == 0) {
        imports::leave_out(frontend.remarks, place(line), line.text(), no_address);
        continue;
      }
      frontend.servers.push_back(
          {{std::string(line.word(1)), static_cast<std::uint16_t>(server_port)},
           place(line),
           line.text()});
      for (const Statement& inner : line.block) {
        imports::leave_out(frontend.remarks, place(inner), inner.text(),
                           "each kube-apiserver is checked by HAProxy, always");
      }
    }
    const bool kube = frontend.port.value == kube_port ||
                      std::ranges::any_of(frontend.servers, [](const Said<ApiServer>& server) {
                        return server.value.port == kube_port;
                      });
    if (kube && !frontend.servers.empty()) {
      source_.frontends.push_back(std::move(frontend));
    } else {
      leave_out(statement, "no kube-apiserver is behind it, and hapx serves nothing else");
    }
  }

  /// The instances of a sync group are on one node together.
  void unite(const Statement& sync) {
    SourceGroup* first = nullptr;
    for (const Statement& line : sync.block) {
      if (line.word(0) != "group") {
        leave_out(line, reasons::keepalived_instance);
        continue;
      }
      std::vector<std::string> names(line.words.begin() + 1, line.words.end());
      for (const Statement& name : line.block) names.push_back(name.text());
      for (const std::string& name : names) {
        const auto group = std::ranges::find(source_.groups, name, &SourceGroup::name);
        if (group == source_.groups.end()) continue;
        if (first == nullptr) {
          first = &*group;
        } else if (first != &*group) {
          std::ranges::move(group->vips, std::back_inserter(first->vips));
          std::ranges::move(group->priorities, std::back_inserter(first->priorities));
          group->vips.clear();
          group->priorities.clear();
        }
      }
    }
    if (first != nullptr) {
      imports::take(source_.remarks, place(sync), sync.text(), "one service of several VIPs");
    } else {
      leave_out(sync, "none of its instances was read");
    }
  }

  void drop_the_empty() {
    std::erase_if(source_.groups, [](const SourceGroup& group) { return group.vips.empty(); });
  }

  Source source_;
  std::string router_;  ///< what this node calls itself
};

}  // namespace

Result<Source> parse_keepalived(std::string_view text, std::string_view file) {
  const auto statements = read_statements(text, file, Notation::keepalived);
  if (!statements) return statements.error();
  return Reader(file).read(*statements);
}

}  // namespace hapx::appliance::imports
