// SPDX-License-Identifier: Apache-2.0
#include "appliance/scenario.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "config/wording.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance {
namespace {

constexpr std::size_t nodes_max = 3;

template <class Value>
struct Word {
  std::string_view text;
  Value value;
};

constexpr std::array bool_words{Word<bool>{"true", true}, Word<bool>{"false", false}};

constexpr std::array node_state_words{
    Word<NodeState>{"online", NodeState::online},
    Word<NodeState>{"standby", NodeState::standby},
    Word<NodeState>{"maintenance", NodeState::maintenance},
    Word<NodeState>{"offline", NodeState::offline},
};

constexpr std::array policy_words{
    Word<NoQuorumPolicy>{"stop", NoQuorumPolicy::stop},
    Word<NoQuorumPolicy>{"ignore", NoQuorumPolicy::ignore},
    Word<NoQuorumPolicy>{"freeze", NoQuorumPolicy::freeze},
};

constexpr std::array on_fail_words{
    Word<OnFail>{"restart", OnFail::restart}, Word<OnFail>{"ignore", OnFail::ignore},
    Word<OnFail>{"block", OnFail::block},     Word<OnFail>{"stop", OnFail::stop},
    Word<OnFail>{"standby", OnFail::standby},
};

constexpr std::array operation_words{
    Word<FailedOperation>{"monitor", FailedOperation::monitor},
    Word<FailedOperation>{"start", FailedOperation::start},
    Word<FailedOperation>{"stop", FailedOperation::stop},
};

constexpr std::array monitor_words{
    Word<MonitorSays>{"7", MonitorSays::not_running},
    Word<MonitorSays>{"1", MonitorSays::error},
};

struct Unit {
  std::string_view name;
  std::chrono::seconds length;
};

constexpr std::array units{
    Unit{"", std::chrono::seconds(1)},
    Unit{"s", std::chrono::seconds(1)},
    Unit{"min", std::chrono::minutes(1)},
    Unit{"h", std::chrono::hours(1)},
};

/// Ten years: beyond that a duration is a mistake, and sums stay far from overflow.
constexpr std::int64_t seconds_max = std::int64_t{10} * 366 * 24 * 3600;

/// A number of at most `limit`, in decimal digits and nothing else.
std::optional<std::int64_t> parse_number(std::string_view text, std::int64_t limit) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || text.front() == '-' || number > limit) return {};
  return number;
}

std::optional<Score> parse_score(std::string_view text) {
  if (text == "INFINITY") return Score::infinity();
  if (text == "-INFINITY") return Score::minus_infinity();
  const bool negative = text.starts_with('-');
  const auto number = parse_number(negative ? text.substr(1) : text, 1'000'000'000);
  if (!number) return std::nullopt;
  return Score(negative ? -*number : *number);
}

std::optional<Duration> parse_span(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  const auto number = parse_number(text.substr(0, digits), seconds_max);
  if (!number || unit == units.end()) return std::nullopt;
  if (*number > seconds_max / unit->length.count()) return std::nullopt;
  return *number * unit->length;
}

/// Walks the tree. The first refusal counts; after it, what is read means nothing any more.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Result<Facts> read(const YamlNode& root) {
    using Kind = YamlNode::Kind;
    if (root.kind != Kind::map) refuse(root.where, "a scenario is a mapping of keys");
    each_key(root, {{"name", skip},
                    {"kind", skip},
                    {"why", skip},
                    {"expect", skip},
                    {"cluster", [&](const auto& node) { read_cluster(node); }},
                    {"nodes", [&](const auto& node) { read_nodes(node); }},
                    {"services", [&](const auto& node) { read_services(node); }},
                    {"status", skip}});
    require(root, "nodes");
    require(root, "services");
    // Last, whatever the file's order: it names nodes and services.
    if (const YamlNode* status = root.find("status")) read_status(*status);
    check_locations();
    if (refusal_) return *refusal_;
    return std::move(facts_);
  }

 private:
  using ReadValue = std::function<void(const YamlNode&)>;
  struct Known {
    std::string_view key;
    ReadValue read;
  };

  static void skip(const YamlNode&) {}

  void refuse(Location where, const std::string& sentence) {
    if (!refusal_) refusal_ = refusal(file_, where, sentence);
  }

  /// An absent section may be written as nothing at all ("cluster:").
  bool is_map(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::map) return true;
    if (node.kind != YamlNode::Kind::null) refuse(node.where, "a mapping of keys belongs here");
    return false;
  }

  void each_key(const YamlNode& map, std::initializer_list<Known> known) {
    if (!is_map(map)) return;
    for (const auto& [key, value] : map.entries) {
      const auto match = std::ranges::find(known, key.text, &Known::key);
      if (match != known.end()) {
        match->read(value);
        continue;
      }
      std::string sentence = "unknown key " + shown(key.text) + "; known here:";
      for (const Known& one : known) sentence += " " + std::string(one.key);
      refuse(key.where, sentence);
    }
  }

  void require(const YamlNode& map, std::string_view key) {
    if (!map.find(key)) refuse(map.where, "the key `" + std::string(key) + "` is missing");
  }

  std::string_view read_text(const YamlNode& node, std::string_view what) {
    if (node.kind == YamlNode::Kind::scalar && !node.scalar.empty()) return node.scalar;
    refuse(node.where, std::string(what) + " belongs here");
    return {};
  }

  template <class Value, std::size_t count>
  void read_word(const YamlNode& node, const std::array<Word<Value>, count>& words, Value& into) {
    const std::string_view text = read_text(node, "one word");
    const auto word = std::ranges::find(words, text, &Word<Value>::text);
    if (word != words.end()) {
      into = word->value;
      return;
    }
    std::string sentence = shown(text) + " is none of:";
    for (const auto& one : words) sentence += " " + std::string(one.text);
    refuse(node.where, sentence);
  }

  void read_score(const YamlNode& node, Score lowest, Score& into) {
    const std::string_view text = read_text(node, "an integer, INFINITY or -INFINITY");
    const auto score = parse_score(text);
    if (!score) {
      refuse(node.where, shown(text) + " is not an integer, INFINITY or -INFINITY");
    } else if (*score < lowest) {
      refuse(node.where, to_string(*score) + " is below " + to_string(lowest));
    } else {
      into = *score;
    }
  }

  void read_duration(const YamlNode& node, Duration& into) {
    const std::string_view text = read_text(node, "a duration like 90s, 5min or 2h");
    if (const auto duration = parse_span(text)) {
      into = *duration;
    } else {
      refuse(node.where, shown(text) + " is not a duration like 90s, 5min or 2h");
    }
  }

  void read_cluster(const YamlNode& node) {
    ClusterFacts& cluster = facts_.cluster;
    bool start_failure_is_fatal = true;  // works when a failure is recorded, and these all are
    const auto word = [this](const auto& words, auto& into) {
      return [this, &words, &into](const YamlNode& value) { read_word(value, words, into); };
    };
    const auto count = [this](Score& into) {
      return [this, &into](const YamlNode& value) { read_score(value, Score(0), into); };
    };
    each_key(node, {{"haveQuorum", word(bool_words, cluster.have_quorum)},
                    {"noQuorumPolicy", word(policy_words, cluster.no_quorum_policy)},
                    {"maintenanceMode", word(bool_words, cluster.maintenance_mode)},
                    {"resourceStickiness", count(cluster.resource_stickiness)},
                    {"migrationThreshold", count(cluster.migration_threshold)},
                    {"failureTimeout",
                     [&](const YamlNode& value) { read_duration(value, cluster.failure_timeout); }},
                    {"startFailureIsFatal", word(bool_words, start_failure_is_fatal)}});
  }

  void read_nodes(const YamlNode& node) {
    if (!is_map(node)) return;
    for (const auto& [key, value] : node.entries) {
      NodeFacts& read = facts_.nodes.emplace_back(NodeFacts{.name = NodeName(key.text)});
      if (key.text.empty()) refuse(key.where, "a node needs a name");
      read_word(value, node_state_words, read.state);
    }
    if (facts_.nodes.empty() || facts_.nodes.size() > nodes_max) {
      refuse(node.where, "a scenario has 1 to 3 nodes");
    }
  }

  void read_services(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::list) {
      return refuse(node.where, "a list of services belongs here");
    }
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::map) refuse(item.where, "a service is a mapping of keys");
      require(item, "name");
      read_service(item);
    }
  }

  void read_service(const YamlNode& item) {
    ServiceFacts service;
    const auto read_on_fail = [&](const YamlNode& node) {
      const auto read = [&](OnFail& into) {
        return [&](const YamlNode& value) { read_word(value, on_fail_words, into); };
      };
      each_key(node,
               {{"vip", read(service.on_fail.vip)}, {"haproxy", read(service.on_fail.haproxy)}});
    };
    each_key(item, {{"name", [&](const YamlNode& node) { read_service_name(node, service.name); }},
                    {"location", [&](const YamlNode& node) { read_location(node, service); }},
                    {"onFail", read_on_fail}});
    facts_.services.push_back(std::move(service));
  }

  void read_service_name(const YamlNode& node, ServiceName& into) {
    into = ServiceName(std::string(read_text(node, "the service's name")));
    if (std::ranges::find(facts_.services, into, &ServiceFacts::name) != facts_.services.end()) {
      refuse(node.where, "a second service named " + shown(into.text()));
    }
  }

  void read_location(const YamlNode& node, ServiceFacts& service) {
    if (!is_map(node)) return;
    for (const auto& [key, value] : node.entries) {
      read_score(value, Score::minus_infinity(), service.location[NodeName(key.text)]);
      located_.push_back(key);
    }
  }

  /// The nodes may stand below the services.
  void check_locations() {
    for (const YamlKey& key : located_) check_node(key.text, key.where);
  }

  void check_node(const std::string& name, Location where) {
    if (!find_node(facts_, NodeName(name))) {
      refuse(where, "no node of this scenario is named " + shown(name));
    }
  }

  void read_status(const YamlNode& node) {
    if (!is_map(node)) return;
    for (const auto& [key, value] : node.entries) {
      const ServiceName name(key.text);
      const auto service = std::ranges::find(facts_.services, name, &ServiceFacts::name);
      if (service == facts_.services.end()) {
        refuse(key.where, "no service of this scenario is named " + shown(key.text));
        continue;
      }
      each_key(value,
               {{"vip", [&](const YamlNode& one) { read_resource(one, service->vip); }},
                {"haproxy", [&](const YamlNode& one) { read_resource(one, service->haproxy); }}});
    }
  }

  void read_resource(const YamlNode& node, ResourceFacts& resource) {
    if (node.kind == YamlNode::Kind::scalar) return read_whereabouts(node, resource);
    const auto read_failed = [&](const YamlNode& value) {
      if (value.kind == YamlNode::Kind::null) return;
      read_word(value, operation_words, resource.failed.emplace());
    };
    const auto read_count = [&](const YamlNode& value, FailureFacts& failure) {
      read_score(value, Score(0), failure.count);
    };
    const auto read_age = [&](const YamlNode& value, FailureFacts& failure) {
      read_duration(value, failure.age);
    };
    const auto per_node = [&](const auto& read) {
      return [&](const YamlNode& map) { each_node(map, resource, read); };
    };
    each_key(
        node,
        {{"node", [&](const YamlNode& value) { read_whereabouts(value, resource); }},
         {"failed", read_failed},
         {"rc",
          [&](const YamlNode& value) { read_word(value, monitor_words, resource.monitor_says); }},
         {"failCount", per_node(read_count)},
         {"lastFailure", per_node(read_age)}});
    if (resource.failed && !resource.node) {
      refuse(node.where, "`failed` needs the `node` on which it has failed");
    }
  }

  void read_whereabouts(const YamlNode& node, ResourceFacts& resource) {
    if (node.kind == YamlNode::Kind::null) return;
    const std::string name(read_text(node, "a node's name"));
    check_node(name, node.where);
    resource.node = NodeName(name);
  }

  template <class Read>
  void each_node(const YamlNode& map, ResourceFacts& resource, const Read& read) {
    if (!is_map(map)) return;
    for (const auto& [key, value] : map.entries) {
      check_node(key.text, key.where);
      read(value, resource.failures[NodeName(key.text)]);
    }
  }

  std::string_view file_;
  Facts facts_;
  std::vector<YamlKey> located_;
  std::optional<Error> refusal_;
};

}  // namespace

Result<Facts> parse_scenario(std::string_view text, std::string_view file) {
  const auto root = parse_yaml(text, file);
  if (!root) return root.error();
  return Reader(file).read(*root);
}

}  // namespace hapx::appliance
