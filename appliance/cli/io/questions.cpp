// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/questions.hpp"

#include <map>
#include <string_view>
#include <utility>

#include "appliance/cli/io/conflicts.hpp"
#include "appliance/cli/io/describe.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/cli/io/watch.hpp"
#include "appliance/cli/why_text.hpp"
#include "appliance/status.hpp"

namespace hapx::appliance::cli {

namespace {

int show_status_once(const GlobalOptions& global, const Surroundings& around) {
  std::string json;
  const Result<Status> status = ask_status(global, json);
  if (!status) {
    return complain(around, status.error().sentence, static_cast<int>(Health::unknown));
  }
  if (global.output == Output::text) {
    around.out << to_text(*status, around.style);
  } else {
    print_document(around, global.output, json);
  }
  return static_cast<int>(health(*status));
}

/// A one-shot order about a service.
int order_once(const GlobalOptions& global, const std::string& service, const std::string& what,
               const std::map<std::string, std::string>& texts, const Surroundings& around) {
  const Result<std::string> segment = as_segment(service, "service");
  if (!segment) return complain_of(around, segment.error());
  const Result<std::string> body = ask_for(
      global.socket,
      {"POST", "/v1/services/" + *segment + "/" + what, as_body(texts), order_answer_time_max});
  if (!body) return complain_of(around, body.error());
  print_answer(global, around, *body);
  return exit_done;
}

}  // namespace

Result<Status> ask_status(const GlobalOptions& global, std::string& json) {
  Result<std::string> body = ask_for(global.socket, {"GET", "/v1/status", ""});
  if (!body) return body.error();
  json = std::move(*body);
  Result<Status> status = status_from_json(json);
  if (!status) {
    return Error{ErrorKind::unavailable,
                 "the answer at " + global.socket + " can't be read: " + status.error().sentence};
  }
  return status;
}

int show_status(const GlobalOptions& global, const ShowStatus& verb, const Surroundings& around) {
  return verb.watch ? watch_status(global, around) : show_status_once(global, around);
}

int get(const GlobalOptions& global, const Get& verb, const Surroundings& around) {
  if (!verb.pcap.empty()) return write_evidence(global, verb.pcap, around);
  if (global.output != Output::text) {
    static constexpr std::string_view names[] = {"members",  "links",  "services",
                                                 "backends", "orders", "conflicts"};
    const std::string target = "/v1/" + std::string(names[static_cast<std::size_t>(verb.thing)]);
    const Result<std::string> body = ask_for(global.socket, {"GET", target, ""});
    return body ? print_document(around, global.output, *body) : complain_of(around, body.error());
  }
  std::string json;
  const Result<Status> status = ask_status(global, json);
  if (!status) return complain_of(around, status.error());
  switch (verb.thing) {
    case Thing::members:
      around.out << members_to_text(*status, around.style);
      break;
    case Thing::links:
      around.out << links_to_text(*status, around.style);
      break;
    case Thing::services:
      around.out << services_to_text(*status, around.style);
      break;
    case Thing::backends:
      around.out << backends_to_text(*status, around.style);
      break;
    case Thing::conflicts:
      around.out << conflicts_to_text(*status, around.style, vendor_of);
      break;
    case Thing::orders:
      around.out << orders_to_text(*status, around.style);
      if (status->orders_state == OrdersState::unread) around.out << "(not known yet)\n";
      if (status->orders_state == OrdersState::stale) around.out << "(there may be newer ones)\n";
      break;
  }
  return exit_done;
}

int why(const GlobalOptions& global, const Why& verb, const Surroundings& around) {
  std::string target = "/v1/why";
  if (!verb.service.empty()) {
    const Result<std::string> segment = as_segment(verb.service, "service");
    if (!segment) return complain_of(around, segment.error());
    target += "/" + *segment;
  }
  const Result<std::string> body = ask_for(global.socket, {"GET", target, ""});
  if (!body) return complain_of(around, body.error());
  if (global.output != Output::text) return print_document(around, global.output, *body);
  const Result<Told> told = read_told(*body);
  if (!told) return complain_of(around, told.error());
  around.out << why_to_text(told->status, told->events, around.style);
  return exit_done;
}

int move(const GlobalOptions& global, const Move& verb, const Surroundings& around) {
  return order_once(global, verb.service, "move", {{"to", verb.to}}, around);
}

int clean_up(const GlobalOptions& global, const CleanUp& verb, const Surroundings& around) {
  return order_once(global, verb.service, "cleanup", {{"node", verb.node}}, around);
}

}  // namespace hapx::appliance::cli
