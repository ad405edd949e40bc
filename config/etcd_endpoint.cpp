// SPDX-License-Identifier: Apache-2.0
#include "config/etcd_endpoint.hpp"

#include <optional>

#include "config/wording.hpp"

namespace hapx {
namespace {

constexpr std::string_view scheme = "https://";

Error refusal(std::string_view text, const std::string& why) {
  return {ErrorKind::refused, shown(text) + ' ' + why};
}

}  // namespace

Result<Endpoint> parse_etcd_endpoint(std::string_view text) {
  const std::string example = "; write it like https://192.168.4.31:2379";
  if (text.starts_with("http://")) {
    return refusal(text, "would be asked without TLS, so anybody could answer" + example);
  }
  if (!text.starts_with(scheme)) return refusal(text, "does not begin with https://" + example);
  auto rest = text.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const bool brackets = rest.starts_with('[') && rest.ends_with(']');
  if (const auto bare = parse_ip(brackets ? rest.substr(1, rest.size() - 2) : rest)) {
    if (brackets == (bare->family == Family::ipv6)) return Endpoint{*bare, etcd_port};
  }
  if (const auto endpoint = parse_endpoint(rest)) return *endpoint;
  return refusal(text,
                 "has no IP address and port behind https:// (a name would have to be looked "
                 "up while an address waits for its next holder)" +
                     example);
}

std::string write_etcd_endpoint(const Endpoint& endpoint) {
  return std::string(scheme) + to_string(endpoint);
}

}  // namespace hapx
