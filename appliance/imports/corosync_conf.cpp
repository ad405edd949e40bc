// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/corosync_conf.hpp"

#include <string>
#include <utility>
#include <vector>

#include "appliance/imports/reasons.hpp"
#include "appliance/imports/statement.hpp"
#include "config/net.hpp"
#include "config/validate.hpp"

namespace hapx::appliance::imports {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view file) { source_.file = file; }

  [[nodiscard]] Source read(const std::vector<Statement>& statements) {
    for (const Statement& section : statements) {
      const auto name = section.word(0);
      if (!section.has_block) {
        leave_out(section, reasons::corosync_sections);
      } else if (name == "totem") {
        read_totem(section);
      } else if (name == "quorum") {
        read_quorum(section);
      } else if (name == "nodelist") {
        read_nodes(section);
      } else {
        leave_out(section, reasons::corosync_sections);
      }
    }
    return std::move(source_);
  }

 private:
  [[nodiscard]] Place place(const Statement& statement) const {
    return {source_.file, statement.line};
  }

  void leave_out(const Statement& statement, Reasons reasons) {
    imports::leave_out(source_.remarks, place(statement), statement.text(),
                       why_not(reasons, statement.word(0)));
  }

  void read_totem(const Statement& totem) {
    for (const Statement& line : totem.block) {
      if (line.word(0) == "cluster_name" && !line.word(1).empty()) {
        source_.clusters.push_back({line.text(1), place(line), line.text()});
      } else {
        leave_out(line, reasons::corosync_totem);
      }
    }
  }

  void read_quorum(const Statement& quorum) {
    for (const Statement& line : quorum.block) {
      if (line.word(0) != "two_node") {
        leave_out(line, reasons::corosync_quorum);
      } else if (line.word(1) == "1" || line.word(1) == "yes") {
        source_.policies.push_back({NoQuorumPolicy::ignore, place(line), line.text()});
      } else {
        imports::leave_out(source_.remarks, place(line), line.text(), "so it is without it");
      }
    }
  }

  void read_nodes(const Statement& list) {
    for (const Statement& node : list.block) {
      if (node.word(0) == "node" && node.has_block) {
        read_node(node);
      } else {
        leave_out(node, reasons::corosync_node);
      }
    }
  }

  void read_node(const Statement& statement) {
    SourceNode node;
    node.place = place(statement);
    std::vector<std::string> ways;
    for (const Statement& line : statement.block) {
      const auto key = line.word(0);
      if (key == "name") {
        node.name = line.text(1);
      } else if (key == "nodeid") {
        node.id = line.text(1);
      } else if (key == "quorum_votes") {
        node.votes = as_number(line.word(1), votes_max);
        if (!node.votes) imports::leave_out(source_.remarks, place(line), line.text(), no_votes);
      } else if (const auto ring = ring_of(key); ring && *ring <= links_max) {
        if (ways.size() <= *ring) ways.resize(*ring + 1);
        ways[*ring] = line.text(1);
      } else {
        leave_out(line, reasons::corosync_node);
      }
    }
    for (const std::string& way : ways) {
      if (parse_ip(way)) {
        node.addresses.push_back(way);
      } else if (!way.empty() && node.name.empty()) {
        node.name = way;  // it is looked up, and so is the node's name
      } else if (!way.empty()) {
        imports::leave_out(source_.remarks, node.place, way,
                           "it is a name, and hapx.yaml has addresses; --node NAME=ADDRESS gives "
                           "it");
      }
    }
    source_.nodes.push_back(std::move(node));
  }

  /// "ring1_addr": 1.
  static std::optional<unsigned> ring_of(std::string_view key) {
    if (!key.starts_with("ring") || !key.ends_with("_addr")) return std::nullopt;
    return as_number(key.substr(4, key.size() - 9), 99);
  }

  static constexpr std::string_view no_votes = "a node has 0 to 9 votes";

  Source source_;
};

}  // namespace

Result<Source> parse_corosync(std::string_view text, std::string_view file) {
  const auto statements = read_statements(text, file, Notation::corosync);
  if (!statements) return statements.error();
  return Reader(file).read(*statements);
}

}  // namespace hapx::appliance::imports
