// SPDX-License-Identifier: Apache-2.0
#include "config/validate_api.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "config/address_kind.hpp"
#include "config/utf8.hpp"
#include "config/validate_listen.hpp"
#include "config/wording.hpp"

namespace hapx {
namespace {

/// Whether nobody can listen at both.
bool collide(const Endpoint& a, const Endpoint& b) {
  return a.port == b.port &&
         (a.address == b.address || is_unspecified(a.address) || is_unspecified(b.address));
}

std::optional<std::string> name_problem(const std::string& name) {
  if (name.empty()) return "a common name has 1 to 64 bytes; write one or remove it";
  if (name.size() > common_name_bytes_max)
    return "a common name has at most 64 bytes (RFC 5280); shorten it";
  if (printable(name) != name) return "a common name has no control characters; remove them";
  return std::nullopt;
}

}  // namespace

std::vector<Finding> validate_api(const ClusterConfig& config) {
  if (!config.api) return {};
  const ApiConfig& api = *config.api;
  std::vector<Finding> findings =
      validate_listen(api.listen, {"spec.api.listen", "the API", "127.0.0.1:9406"}, config);
  const auto find = [&](std::string path, std::string sentence) {
    findings.push_back({std::move(path), {}, std::move(sentence)});
  };
  if (config.metrics.listen && collide(api.listen, *config.metrics.listen)) {
    find("spec.api.listen", to_string(*config.metrics.listen) +
                                " is where the metrics are; choose another port, like 9406");
  }
  const std::string list = "spec.api.operators";
  if (api.operators.size() > operators_max) {
    find(list, "there are " + std::to_string(api.operators.size()) + " operators; the most is " +
                   std::to_string(operators_max) + "; remove some");
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < api.operators.size(); ++i) {
    const auto path = list + '[' + std::to_string(i) + ']';
    const auto& name = api.operators[i];
    if (auto problem = name_problem(name)) {
      find(path, *std::move(problem));
    } else if (!seen.insert(name).second) {
      find(path, "the operator " + shown(name) + " stands twice; remove one");
    }
  }
  return findings;
}

}  // namespace hapx
