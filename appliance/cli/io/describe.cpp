// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/describe.hpp"

#include <utility>

#include "appliance/cli/describe_text.hpp"
#include "appliance/cli/io/speech.hpp"

namespace hapx::appliance::cli {

Result<Told> read_told(const std::string& body) {
  Result<Told> told = told_from_json(body);
  if (told) return told;
  return Error{ErrorKind::unavailable, "hapxd's answer can't be read: " + told.error().sentence};
}

int describe(const GlobalOptions& global, const Describe& verb, const Surroundings& around) {
  const bool node = verb.what == Describe::What::node;
  const Result<std::string> segment = as_segment(verb.name, node ? "node" : "service");
  if (!segment) return complain_of(around, segment.error());
  const Result<std::string> body =
      ask_for(global.socket, {"GET", (node ? "/v1/nodes/" : "/v1/services/") + *segment, ""});
  if (!body) return complain_of(around, body.error());
  if (global.output != Output::text) return print_document(around, global.output, *body);
  const Result<Told> told = read_told(*body);
  if (!told) return complain_of(around, told.error());
  around.out << (node ? node_to_text(told->status, told->events, around.style)
                      : service_to_text(told->status, told->events, around.style));
  return exit_done;
}

int show_fail_counts(const GlobalOptions& global, const ShowFailCounts& verb,
                     const Surroundings& around) {
  std::string of_service;
  if (!verb.service.empty()) {
    const Result<std::string> segment = as_segment(verb.service, "service");
    if (!segment) return complain_of(around, segment.error());
    of_service = "/" + *segment;
  }
  const bool text = global.output == Output::text;
  const Result<std::string> body =
      ask_for(global.socket, {"GET", (text ? "/v1/why" : "/v1/failcounts") + of_service, ""});
  if (!body) return complain_of(around, body.error());
  if (!text) return print_document(around, global.output, *body);
  const Result<Status> status = status_from_json(*body);
  if (!status) return complain(around, "hapxd's answer can't be read", exit_no_answer);
  around.out << fail_counts_to_text(*status, around.style);
  return exit_done;
}

}  // namespace hapx::appliance::cli
