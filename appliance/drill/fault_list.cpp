// SPDX-License-Identifier: Apache-2.0
#include "appliance/drill/fault_list.hpp"

#include <array>
#include <string_view>

#include <boost/json.hpp>

namespace hapx::appliance::drill {
namespace {

namespace json = boost::json;

constexpr std::size_t label_columns = 15;

std::string_view consent_word(Consent consent) {
  switch (consent) {
    case Consent::given:
      return "given";
    case Consent::destructive:
      return "destructive";
    case Consent::never:
      break;
  }
  return "never";
}

bool is_for_clusters(const Places& places) {
  return places.is_built_on_cluster && places.on_cluster != Consent::never;
}

std::string_view cluster_words(Consent consent) {
  return consent == Consent::destructive ? "on any cluster with --destructive" : "on any cluster";
}

/// "in a lab; to come: virtual machines, on any cluster with --destructive".
std::string where(const Places& places) {
  std::string text = places.in_lab ? "in a lab" : "nowhere yet";
  if (is_for_clusters(places)) return text + ", " + std::string(cluster_words(places.on_cluster));
  std::string later;
  const auto add = [&](std::string_view place) {
    later += (later.empty() ? "" : ", ") + std::string(place);
  };
  if (places.on_virtual_machines) add("virtual machines");
  if (places.on_cluster != Consent::never) add(cluster_words(places.on_cluster));
  if (!later.empty()) text += "; to come: " + later;
  return text;
}

std::string line(std::string_view label, std::string_view text) {
  return "  " + std::string(label) + std::string(label_columns - label.size(), ' ') +
         std::string(text) + "\n";
}

json::object as_json(const FaultWords& words) {
  json::array today;
  if (words.places.in_lab) today.emplace_back("lab");
  if (is_for_clusters(words.places)) today.emplace_back("cluster");
  return {{"name", words.name},
          {"sentence", words.sentence},
          {"lengthMs", length_of(words.fault) / std::chrono::milliseconds(1)},
          {"undoing", words.undoing},
          {"strikes", victim_words(words.victim)},
          {"effect", words.effect},
          {"loss", words.loss},
          {"today", std::move(today)},
          {"places", json::object{{"lab", words.places.in_lab},
                                  {"virtualMachines", words.places.on_virtual_machines},
                                  {"cluster", consent_word(words.places.on_cluster)}}}};
}

}  // namespace

std::string faults_as_text() {
  std::string text =
      "What `hapx drill run` can do to a cluster, and `hapx drill run --lab` to one that is made\n"
      "for it. Where else a fault may be done once that is built stands behind \"to come\".\n";
  for (const FaultWords& words : faults) {
    text += "\n" + std::string(words.name) + "\n";
    text += line("what", words.sentence);
    if (const Duration length = length_of(words.fault); length > Duration::zero()) {
      text += line("lasts", to_string(length));
    }
    text += line("undone", words.undoing);
    text += line("strikes", victim_words(words.victim)) + line("a client sees", words.effect);
    text += line("may be lost", words.loss) + line("where", where(words.places));
  }
  return text;
}

std::string faults_as_json() {
  json::array list;
  for (const FaultWords& words : faults) list.push_back(as_json(words));
  return json::serialize(list) + "\n";
}

std::string refused_on_cluster(Fault fault, Consent consent) {
  const FaultWords& words = words_of(fault);
  const std::string name(words.name);
  if (words.places.on_cluster == Consent::never) {
    return name + " is never done to a real cluster: what may be lost is " +
           std::string(words.loss);
  }
  if (!words.places.is_built_on_cluster) {
    return name + " can't be done to a real cluster yet, only in a lab (--lab)";
  }
  if (words.places.on_cluster == Consent::destructive && consent != Consent::destructive) {
    return name + " harms more than hapx: what may be lost is " + std::string(words.loss) +
           "; if it may be done, say --destructive";
  }
  return "";
}

std::string refused_in_lab(Fault fault) {
  const FaultWords& words = words_of(fault);
  if (words.places.in_lab) return "";
  return std::string(words.name) +
         " can't be done in a lab, whose nodes share the clock of this machine; it is for virtual "
         "machines, which hapx does not drill yet";
}

}  // namespace hapx::appliance::drill
