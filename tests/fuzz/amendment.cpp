// SPDX-License-Identifier: Apache-2.0
// Is whatever text HAProxy may have been started with taken apart or refused, and can nothing that
// it names become an order to HAProxy?
//
// The text comes from the keeper, and what HAProxy has from HAProxy. An input is both: the answer
// begins where a table does.
#include "lb-supervisor/amendment.hpp"

#include <algorithm>

#include "fuzz.hpp"
#include "lb-supervisor/runtime_reply.hpp"

namespace hapx::fuzz {
namespace {

using namespace lb_supervisor;

/// Orders that one change is made of.
std::size_t commands_of(const ServerChange& change) {
  switch (change.kind) {
    case ServerChange::Kind::add:
      return 5;
    case ServerChange::Kind::ready:
    case ServerChange::Kind::remove:
      return 2;
    case ServerChange::Kind::drain:
      return 1;
  }
  return 0;
}

}  // namespace

void try_input(Bytes input) {
  const std::string_view whole = text_of(input);
  const std::size_t end = std::min(whole.size(), whole.find("# pxname"));
  const auto text = whole.substr(0, end);
  const auto reply = whole.substr(end);
  const auto parts = take_apart(text);
  if (!parts) return;
  must(can_become(*parts, *parts), "a text becomes itself");
  const auto again = take_apart(parts->rest);
  must(again.has_value() && again->rest == parts->rest, "nothing is left to take out");
  const auto report = parse_servers(reply);
  const auto told = report ? report->backends : std::vector<BackendHealth>{};
  const auto changes = changes_towards(*parts, told);
  must(changes.size() <= changes_max, "not more than HAProxy can hear at once");
  std::size_t commands = changes.empty() ? 1 : 0;
  for (const ServerChange& change : changes) commands += commands_of(change);
  const std::string line = to_commands(changes);
  must(std::ranges::count(line, ';') + 1 == static_cast<std::ptrdiff_t>(commands),
       "no name ends an order");
  must(line.find('\n') == line.size() - 1, "nor the line");
  for (const BackendHealth& backend : only_wanted(*parts, told)) {
    const bool is_known = std::ranges::any_of(
        told, [&](const BackendHealth& each) { return each.service == backend.service; });
    must(is_known, "nobody is made up");
  }
}

}  // namespace hapx::fuzz
