// SPDX-License-Identifier: Apache-2.0
// A plan from YAML, in two looks as hapx.yaml is read: first its shape, then (plan_judge) its
// sense.
#include <algorithm>
#include <array>
#include <limits>

#include "appliance/drill/plan.hpp"
#include "config/reading.hpp"
#include "config/schema.hpp"
#include "config/wording.hpp"
#include "config/yaml.hpp"

namespace hapx::appliance::drill {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view plan_kind = "DrillPlan";
constexpr std::array plan_keys{"objective"sv, "count"sv, "seed"sv, "pause"sv, "faults"sv};
constexpr std::array fault_keys{"fault"sv, "node"sv, "objective"sv, "length"sv, "count"sv};
/// Of a plan's name, which becomes a part of file names and of XML.
constexpr std::size_t name_bytes_max = 63;

void check_constant(const Section& document, std::string_view key, std::string_view wanted) {
  const auto* value = document.find_scalar(key, shown(wanted));
  if (value == nullptr || value->scalar == wanted) return;
  document.reading().refuse(value->where, std::string(key) + " must be " + shown(wanted) +
                                              ", not " + shown(value->scalar));
}

void read_fault_name(Reading& reading, const YamlNode& value, Fault& fault) {
  if (const auto found = fault_of(value.scalar)) {
    fault = *found;
    return;
  }
  const auto names = fault_names();
  reading.refuse(value.where, "unknown fault " + shown(value.scalar) +
                                  suggestion(value.scalar, names, "`hapx drill list` has them"));
}

template <class T>
void read_optional(const Section& section, std::string_view key, std::optional<T>& out) {
  if (section.find(key) == nullptr) return;
  T value{};
  section.read(key, value);
  out = value;
}

void read_fault(Reading& reading, const YamlNode& yaml, const std::string& path,
                PlannedFault& planned) {
  if (yaml.kind == YamlNode::Kind::scalar) {
    read_fault_name(reading, yaml, planned.fault);
    return;
  }
  if (yaml.kind != YamlNode::Kind::map) {
    reading.refuse(yaml.where,
                   "a fault must be a name, like hand-over, or a map, like {fault: "
                   "hand-over, count: 3}, not " +
                       std::string(kind_in_words(yaml)));
    return;
  }
  const Section section(reading, yaml, path, fault_keys);
  section.require("fault");
  if (const auto* name = section.find_scalar("fault", "the name of a fault")) {
    read_fault_name(reading, *name, planned.fault);
  }
  read_optional(section, "node", planned.node);
  read_optional(section, "objective", planned.objective);
  read_optional(section, "length", planned.length);
  read_optional(section, "count", planned.count);
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= name_bytes_max && text.front() != '-' &&
         std::ranges::all_of(text, fits);
}

void read_metadata(const Section& document, std::string& name) {
  const auto* value = document.find("metadata");
  if (value == nullptr) return;
  const Section metadata(document.reading(), *value, "metadata", schema::metadata_keys);
  metadata.require("name");
  const auto* text = metadata.find_scalar("name", "a name");
  if (text == nullptr) return;
  name = text->scalar;
  if (is_name(name)) return;
  document.reading().refuse(text->where, shown(name) +
                                             " can't name a plan; use up to 63 lower-case letters, "
                                             "digits and hyphens");
}

Plan read_document(Reading& reading, const YamlNode& root) {
  Plan plan;
  const Section document(reading, root, "", schema::document_keys);
  for (const auto key : schema::document_keys) document.require(key);
  check_constant(document, "apiVersion", schema::api_version);
  check_constant(document, "kind", plan_kind);
  read_metadata(document, plan.name);
  const auto* value = document.find("spec");
  if (value == nullptr) return plan;
  const Section spec(reading, *value, "spec", plan_keys);
  spec.require("faults");
  read_optional(spec, "objective", plan.objective);
  spec.read("count", plan.count);
  read_optional(spec, "seed", plan.seed);
  spec.read("pause", plan.pause);
  for (const auto& [item, path] : spec.items("faults")) {
    if (plan.faults.size() > runs_max) break;
    read_fault(reading, *item, path, plan.faults.emplace_back());
  }
  return plan;
}

}  // namespace

CheckedPlan check_plan(std::string_view text, std::string_view file, const ClusterConfig& cluster) {
  const auto root = parse_yaml(text, file);
  if (!root) return {std::nullopt, {root.error()}};
  Reading reading(file);
  auto plan = read_document(reading, *root);
  if (!reading.any_refusal()) {
    for (const Finding& finding : judge(plan, cluster)) {
      reading.refuse(reading.locate(finding.path, finding.or_else), finding.sentence);
    }
  }
  if (reading.any_refusal()) return {std::nullopt, reading.take_refusals()};
  return {std::move(plan), {}};
}

}  // namespace hapx::appliance::drill
