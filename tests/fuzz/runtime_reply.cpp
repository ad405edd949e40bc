// SPDX-License-Identifier: Apache-2.0
// Is whatever HAProxy may answer a list of servers or refused?
//
// HAProxy is the program that faces clients, so its answers are not trusted. A list is no longer
// than the answer has lines, each service stands in it once, and the same list written as HAProxy
// writes one is read alike.
#include "lb-supervisor/runtime_reply.hpp"

#include <algorithm>
#include <set>

#include "fuzz.hpp"
#include "lb-supervisor/proxy_name.hpp"

namespace hapx::fuzz {
namespace {

using namespace lb_supervisor;

std::string quoted_field(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string write_table(const BackendsReported& report) {
  std::string out = "# pxname,svname,scur,status,type,check_status,check_code,\n";
  for (const BackendHealth& backend : report.backends) {
    for (const ServerHealth& server : backend.servers) {
      out += to_proxy_name(backend.service.text()) + ',' + to_proxy_name(server.name) + ',' +
             (server.connections ? std::to_string(*server.connections) : "") + ',' +
             (server.up          ? "UP"
              : server.set_aside ? "DRAIN"
                                 : "DOWN") +
             ",2," + quoted_field("* " + server.check) + ',' +
             (server.is_being_checked  ? "0"
              : server.level == "http" ? "401"
                                       : "") +
             ",\n";
    }
  }
  return out;
}

}  // namespace

void try_input(Bytes input) {
  const std::string_view text = text_of(input);
  must(from_proxy_name(to_proxy_name(text)) == text, "a name is given back as it was");
  const auto report = parse_servers(text);
  if (!report) return must_be_a_sentence(report.error().sentence);
  std::set<ServiceName> services;
  std::size_t servers = 0;
  for (const BackendHealth& backend : report->backends) {
    must(services.insert(backend.service).second, "a service stands there once");
    must(!backend.servers.empty(), "a service without servers is not told");
    servers += backend.servers.size();
  }
  must(servers <= static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
       "there are no more servers than lines");
  const std::string written = write_table(*report);
  const auto again = parse_servers(written);
  must(again.has_value() && again->backends == report->backends, "the same table is read alike");
}

}  // namespace hapx::fuzz
