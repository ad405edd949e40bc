// SPDX-License-Identifier: Apache-2.0
#include "appliance/hooks/message.hpp"

#include <utility>

#include <boost/json.hpp>

#include "config/utf8.hpp"

namespace hapx::appliance::hooks {

namespace {

namespace json = boost::json;

/// As `hapx events -o json` has it, but for its age: it is told when it happens.
json::value value_of(const EventLine& event) {
  json::value list = json::parse(events_to_json({event}));
  json::object& object = list.as_array().front().as_object();
  object.erase("ageMs");
  return std::move(object);
}

EventLine printable_event(EventLine event) {
  for (std::string* text :
       {&event.kind, &event.service, &event.phase, &event.sentence, &event.reason, &event.at}) {
    *text = printable(*text);
  }
  return event;
}

std::string variable(const char* name, const std::string& value) {
  return name + ("=" + value);
}

}  // namespace

Message message_of(const EventLine& told, const Origin& origin, const std::string& hook,
                   std::uint64_t left_out, bool is_test) {
  const EventLine event = printable_event(told);
  const std::string about = event.service.empty() ? std::string() : event.service + ": ";
  const std::string text = origin.cluster + ", " + origin.node + ": " + about + what_of(event);
  const json::object document{
      {"text", text},    {"cluster", origin.cluster}, {"node", origin.node},     {"hook", hook},
      {"test", is_test}, {"leftOut", left_out},       {"event", value_of(event)}};
  return {json::serialize(document),
          {variable("HAPX_TEXT", text), variable("HAPX_CLUSTER", origin.cluster),
           variable("HAPX_NODE", origin.node), variable("HAPX_EVENT", event.kind),
           variable("HAPX_SERVICE", event.service)}};
}

EventLine test_event(const HookConfig& hook) {
  EventLine event;
  event.kind = to_string(hook.events.empty() ? EventKind{} : hook.events.front());
  event.sentence = "this is a test of the hook " + hook.name;
  event.reason = "nothing has happened";
  return event;
}

}  // namespace hapx::appliance::hooks
