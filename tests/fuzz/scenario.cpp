// SPDX-License-Identifier: Apache-2.0
// Is every text a scenario or refused, and does the scheduler answer every scenario?
//
// What a scenario asks for is scheduled twice with one answer, on nodes that exist, and never
// HAProxy where its VIP is nowhere; the answer is shown as JSON and as text.
#include "appliance/scenario.hpp"

#include <boost/json.hpp>

#include "fuzz.hpp"

namespace hapx::fuzz {
namespace {

using namespace appliance;

void must_be_known(const Facts& facts, const std::optional<NodeName>& node) {
  must(!node || find_node(facts, *node) != nullptr, "a service is put on a node that exists");
}

}  // namespace

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  const auto facts = parse_scenario(text, file);
  if (!facts) {
    must_point_into(text, facts.error());
    return;
  }
  const Schedule answer = schedule(*facts);
  must(answer == schedule(*facts), "the same facts give the same schedule");
  must(answer.services.size() == facts->services.size(), "every service is answered");
  for (const ServiceSchedule& service : answer.services) {
    must_be_known(*facts, service.placement.vip);
    must_be_known(*facts, service.placement.haproxy);
    must(!service.reason.empty(), "every answer has its reason");
    must(service.nodes.size() == facts->nodes.size(), "and every node a verdict");
  }
  boost::system::error_code error;
  boost::json::parse(to_json(answer), error);
  must(!error, "the answer is JSON");
  must(to_text(answer).ends_with('\n'), "the answer is lines");
}

}  // namespace hapx::fuzz
