// SPDX-License-Identifier: Apache-2.0
// Which keys and words does a hapx.yaml have?
//
// The closed lists: the keys of each map of the file, in canonical order, and the words of each
// enumeration. The reader refuses what is not here and the writer writes what is here, so a key
// that isn't built yet is unknown to both. What each key means stands in config/schema_table; which
// values are sensible is validate's.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "config/cluster_config.hpp"

namespace hapx::schema {

using namespace std::string_view_literals;

inline constexpr std::string_view api_version = "hapx.dev/v1alpha1";
inline constexpr std::string_view kind = "Cluster";

inline constexpr std::array document_keys{"apiVersion"sv, "kind"sv, "metadata"sv, "spec"sv};
inline constexpr std::array metadata_keys{"name"sv};
inline constexpr std::array spec_keys{
    "nodes"sv,      "services"sv, "timing"sv,     "keyFile"sv, "port"sv,  "noQuorumPolicy"sv,
    "tieBreaker"sv, "arbiter"sv,  "scheduling"sv, "metrics"sv, "hooks"sv, "api"sv};
inline constexpr std::array node_keys{"name"sv, "address"sv, "role"sv, "votes"sv, "links"sv};
inline constexpr std::array timing_keys{"profile"sv, "heartbeat"sv, "lease"sv};
inline constexpr std::array scheduling_keys{"resourceStickiness"sv, "migrationThreshold"sv,
                                            "failureTimeout"sv};
inline constexpr std::array tie_breaker_keys{"address"sv, "interface"sv};
inline constexpr std::array arbiter_keys{"etcd"sv};
inline constexpr std::array etcd_keys{"endpoints"sv, "caFile"sv, "certFile"sv, "keyFile"sv};
inline constexpr std::array metrics_keys{"listen"sv, "certFile"sv, "keyFile"sv, "clientCAFile"sv,
                                         "credentialsFile"sv};
inline constexpr std::array api_keys{"listen"sv, "certFile"sv, "keyFile"sv, "clientCAFile"sv,
                                     "operators"sv};
inline constexpr std::array hook_keys{"name"sv,    "events"sv, "command"sv,   "url"sv,
                                      "urlFile"sv, "caFile"sv, "tokenFile"sv, "timeout"sv};
/// What stands in the place of an address to listen at nowhere.
inline constexpr std::string_view listen_off = "off"sv;
inline constexpr std::array service_keys{"name"sv,   "vips"sv,        "announce"sv,
                                         "port"sv,   "apiServers"sv,  "location"sv,
                                         "onFail"sv, "healthCheck"sv, "haproxy"sv};
inline constexpr std::array vip_keys{"address"sv, "interface"sv, "onConflict"sv};
inline constexpr std::array on_fail_keys{"vip"sv, "haproxy"sv};
inline constexpr std::array health_check_keys{"mode"sv, "caFile"sv, "interval"sv, "fall"sv,
                                              "rise"sv};
inline constexpr std::array haproxy_keys{"timeouts"sv, "maxConnections"sv, "stats"sv,
                                         "extraConfig"sv};
inline constexpr std::array stats_keys{"port"sv, "credentialsFile"sv};
inline constexpr std::array extra_config_keys{"global"sv, "defaults"sv, "frontend"sv, "backend"sv};
inline constexpr std::array timeouts_keys{"connect"sv, "client"sv, "server"sv, "tunnel"sv,
                                          "clientFin"sv};

template <class T>
struct Word {
  std::string_view text;
  T value;
};

inline constexpr std::array<Word<Role>, 2> roles{
    {{"full", Role::full}, {"witness", Role::witness}}};
inline constexpr std::array<Word<HealthCheckMode>, 3> health_check_modes{
    {{"readyz", HealthCheckMode::readyz},
     {"tls", HealthCheckMode::tls},
     {"tcp", HealthCheckMode::tcp}}};
inline constexpr std::array<Word<OnFail>, 5> on_fails{{{"restart", OnFail::restart},
                                                       {"ignore", OnFail::ignore},
                                                       {"block", OnFail::block},
                                                       {"stop", OnFail::stop},
                                                       {"standby", OnFail::standby}}};
inline constexpr std::array<Word<OnConflict>, 2> on_conflicts{
    {{"defend", OnConflict::defend}, {"yield", OnConflict::yield}}};
inline constexpr std::array<Word<Announcing>, 2> announcings{
    {{"segment", Announcing::segment}, {"bgp", Announcing::bgp}}};
/// Where a routed VIP is, whether the file says so or not.
inline constexpr std::string_view loopback_interface = "lo"sv;
inline constexpr std::array<Word<NoQuorumPolicy>, 3> no_quorum_policies{
    {{"stop", NoQuorumPolicy::stop},
     {"ignore", NoQuorumPolicy::ignore},
     {"freeze", NoQuorumPolicy::freeze}}};

/// The timing profiles: fast for a rack's network, lan (the default), cloud for slow virtual ones.
inline constexpr std::array<Word<Timing>, 3> profiles{
    {{"fast", {std::chrono::milliseconds(20), std::chrono::milliseconds(120)}},
     {"lan", {std::chrono::milliseconds(50), std::chrono::milliseconds(300)}},
     {"cloud", {std::chrono::milliseconds(200), std::chrono::seconds(2)}}}};

/// The value of a word, if it is one.
template <class Words>
[[nodiscard]] constexpr auto value_of(const Words& words, std::string_view text)
    -> std::optional<decltype(words.front().value)> {
  for (const auto& word : words) {
    if (word.text == text) return word.value;
  }
  return std::nullopt;
}

/// The word of a value. REQUIRES the list to have it: all enumerations are complete here.
template <class Words, class T>
[[nodiscard]] constexpr std::string_view word_of(const Words& words, const T& value) {
  for (const auto& word : words) {
    if (word.value == value) return word.text;
  }
  return {};
}

/// The words alone, to be listed or searched.
template <class Words>
[[nodiscard]] std::vector<std::string_view> texts_of(const Words& words) {
  std::vector<std::string_view> out;
  for (const auto& word : words) out.push_back(word.text);
  return out;
}

}  // namespace hapx::schema
