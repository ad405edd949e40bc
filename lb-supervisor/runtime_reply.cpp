// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/runtime_reply.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lb-supervisor/proxy_name.hpp"

namespace hapx::lb_supervisor {
namespace {

/// Limit: HAProxy 2.6 has 112 columns; a row of more is cut here.
constexpr std::size_t columns_max = 512;
/// What the code of an answer is set to when the next check begins.
constexpr std::string_view forgotten_code = "0";

/// One row, its quotes removed (a doubled quote inside quotes is one).
std::vector<std::string> split_row(std::string_view row) {
  std::vector<std::string> fields(1);
  bool in_quotes = false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == '"') {
      const bool doubled = in_quotes && i + 1 < row.size() && row[i + 1] == '"';
      if (doubled) {
        fields.back() += '"';
        ++i;
      } else {
        in_quotes = !in_quotes;
      }
    } else if (row[i] == ',' && !in_quotes) {
      if (fields.size() == columns_max) break;
      fields.emplace_back();
    } else {
      fields.back() += row[i];
    }
  }
  return fields;
}

std::optional<std::size_t> find_column(const std::vector<std::string>& names, const char* name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

struct Columns {
  std::size_t proxy = 0, server = 0, status = 0, type = 0, check = 0;
  std::optional<std::size_t> code, connections;
};

std::optional<Columns> read_columns(std::string_view first_line) {
  if (first_line.substr(0, 2) != "# ") return std::nullopt;
  const auto names = split_row(first_line.substr(2));
  const auto proxy = find_column(names, "pxname");
  const auto server = find_column(names, "svname");
  const auto status = find_column(names, "status");
  const auto type = find_column(names, "type");
  const auto check = find_column(names, "check_status");
  if (!proxy || !server || !status || !type || !check) return std::nullopt;
  return Columns{*proxy,
                 *server,
                 *status,
                 *type,
                 *check,
                 find_column(names, "check_code"),
                 find_column(names, "scur")};
}

/// "UP", and "UP 1/3" (about to fall), take connections; so does a server without checks.
bool takes_connections(std::string_view status) {
  return status == "UP" || status.substr(0, 3) == "UP " || status == "no check";
}

/// "DRAIN", "MAINT", "MAINT (via ...)"; a name without an address is none of ours to set aside.
bool is_set_aside(std::string_view status) {
  return status.substr(0, 5) == "DRAIN" ||
         (status.substr(0, 5) == "MAINT" && status != "MAINT (resolution)");
}

std::optional<std::uint64_t> read_count(std::string_view field) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), count);
  if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return count;
}

ServerHealth read_server(const std::vector<std::string>& fields, const Columns& columns) {
  ServerHealth health;
  health.name = from_proxy_name(fields[columns.server]);
  health.up = takes_connections(fields[columns.status]);
  std::string_view check = fields[columns.check];
  if (check.substr(0, 2) == "* ") check.remove_prefix(2);  // the next check is under way
  health.check = fields[columns.status] == "MAINT (resolution)" ? not_resolved : check;
  const bool has_code = columns.code && *columns.code < fields.size();
  const std::string_view code = has_code ? std::string_view(fields[*columns.code]) : "";
  health.level = check_level(health.check, code);
  health.is_being_checked = code == forgotten_code;
  health.set_aside = is_set_aside(fields[columns.status]);
  if (columns.connections && *columns.connections < fields.size())
    health.connections = read_count(fields[*columns.connections]);
  return health;
}

/// Gathers servers by service, in the order of the table.
class Collector {
 public:
  void add(const ServiceName& service, ServerHealth health) {
    // An answer of 1 MiB may name a hundred thousand services: no walk over those before it.
    const auto [known, is_new] = places_.emplace(service, report_.backends.size());
    if (is_new) report_.backends.push_back({service, {}});
    report_.backends[known->second].servers.push_back(std::move(health));
  }
  [[nodiscard]] BackendsReported take() { return std::move(report_); }

 private:
  BackendsReported report_;
  std::map<ServiceName, std::size_t> places_;  ///< in report_.backends
};

}  // namespace

std::string_view check_level(std::string_view check, std::string_view code) {
  if (check == "L7OK") return code == "200" || code.empty() ? "readyz" : "http";
  if (check == "L6OK") return "tls";
  if (check == "L4OK") return "tcp";
  return {};
}

Result<BackendsReported> parse_servers(std::string_view reply) {
  if (reply.size() > reply_bytes_max) {
    return Error{ErrorKind::refused, "HAProxy's answer is longer than 1 MiB", 0};
  }
  std::optional<Columns> columns;
  Collector collector;
  while (!reply.empty()) {
    const auto line = reply.substr(0, reply.find('\n'));
    reply.remove_prefix(std::min(reply.size(), line.size() + 1));
    if (!columns) {
      columns = read_columns(line);
      if (!columns) return Error{ErrorKind::refused, "HAProxy's answer has no table of servers", 0};
      continue;
    }
    const auto fields = split_row(line);
    const auto last =
        std::max({columns->proxy, columns->server, columns->status, columns->type, columns->check});
    if (fields.size() <= last || fields[columns->type] != "2") continue;
    collector.add(ServiceName(from_proxy_name(fields[columns->proxy])),
                  read_server(fields, *columns));
  }
  if (!columns) return Error{ErrorKind::refused, "HAProxy's answer is empty", 0};
  return collector.take();
}

}  // namespace hapx::lb_supervisor
