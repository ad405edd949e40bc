// SPDX-License-Identifier: Apache-2.0
#include "config/fingerprint.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include <openssl/evp.h>

#include "config/assert.hpp"
#include "config/difference.hpp"

namespace hapx {
namespace {

constexpr std::string_view service_prefix = "service ";
constexpr std::string_view service_order = "spec.services (their order)";

/// The first eight bytes of SHA-256: nobody gains by two files that look alike, and by chance they
/// don't.
std::uint64_t hash(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  const int done =
      EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  HAPX_ASSERT(done == 1);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8U | digest[i];
  return number;
}

/// "spec.services[api].port" belongs to "service api", "spec.timing.lease" to "spec.timing".
std::string part_of(std::string_view path) {
  constexpr std::string_view services = "spec.services[";
  if (path.starts_with(services)) {
    path.remove_prefix(services.size());
    return std::string(service_prefix) + std::string(path.substr(0, path.find(']')));
  }
  const auto second = path.find('.') + 1;
  return std::string(path.substr(0, path.find_first_of(".[", second)));
}

/// The same names, and nothing else said.
ClusterConfig all_defaults(const ClusterConfig& config) {
  ClusterConfig out;
  out.name = config.name;
  for (const auto& service : config.services) out.services.emplace_back().name = service.name;
  return out;
}

bool is_service(const std::string& name) {
  return name.starts_with(service_prefix);
}

}  // namespace

std::vector<ConfigPart> parts_of(const ClusterConfig& config) {
  std::map<std::string, std::string> texts;
  for (const auto& each : differences(all_defaults(config), config)) {
    texts[part_of(each.path)] +=
        each.path + ": " + (each.after ? one_line(*each.after) : std::string()) + '\n';
  }
  if (config.services.size() > 1) {
    for (const auto& service : config.services) {
      texts[std::string(service_order)] += service.name.text() + '\n';
    }
  }
  std::vector<ConfigPart> parts;
  for (const auto& [name, text] : texts) parts.push_back({name, hash(text)});
  return parts;
}

std::uint64_t fingerprint_of(const std::vector<ConfigPart>& parts) {
  std::string text;
  for (const auto& part : parts) text += part.name + ' ' + std::to_string(part.fingerprint) + '\n';
  return std::max<std::uint64_t>(hash(text), 1);
}

std::vector<std::string> compare(const std::vector<ConfigPart>& here,
                                 const std::vector<ConfigPart>& there) {
  std::map<std::string, std::array<std::uint64_t, 2>> both;
  for (const auto& part : here) both[part.name][0] = part.fingerprint;
  for (const auto& part : there) both[part.name][1] = part.fingerprint;
  bool same_services = true;
  std::vector<std::string> differing;
  for (const auto& [name, prints] : both) {
    const bool is_one_sided = is_service(name) && (prints[0] == 0 || prints[1] == 0);
    same_services = same_services && !is_one_sided;
    // With a service more or less the order is another one anyhow.
    if (prints[0] == prints[1] || (name == service_order && !same_services)) continue;
    const char* side = !is_one_sided ? "" : prints[0] == 0 ? " (only there)" : " (only here)";
    differing.push_back(name + side);
  }
  return differing;
}

}  // namespace hapx
