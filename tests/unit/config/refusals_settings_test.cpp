// SPDX-License-Identifier: Apache-2.0
// Refusals of services, health checks, timing and the settings of the whole cluster.
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

std::string many_api_servers(int count) {
  std::string out = "[";
  for (int i = 0; i < count; ++i) out += "m" + std::to_string(i) + ",";
  return out + "]";
}

std::vector<Case> cases() {
  return {
      {"NoServices",
       the_service,
       "    []\n",
       {"f:10:5: there is no service, so there is nothing to serve; write at least one"}},
      {"NoApiServers",
       "[mast1:6443, 10.0.0.31:6443]",
       "[]",
       {"f:13:19: service `api` has no apiServers, so there is nothing to send clients to; write "
        "at least one"}},
      {"ApiServerTwice",
       "10.0.0.31:6443",
       "Mast1",
       {"f:13:32: the apiserver `Mast1:6443` stands twice; remove one"}},
      {"ApiServerIpv6OfALink",
       "10.0.0.31:6443",
       "\"[fe80::1]:6443\"",
       {"f:13:32: fe80::1 is a link-local address, which means another machine on each link; use "
        "a global one or one of fd00::/8"}},
      {"ApiServerPortZero",
       "10.0.0.31:6443",
       "10.0.0.31:0",
       {"f:13:32: port 0 means \"any port\"; choose one from 1 to 65535"}},
      {"ApiServerPortIsNone",
       "10.0.0.31:6443",
       "10.0.0.31:https",
       {"f:13:32: `10.0.0.31:https` has no good port behind its last colon; write it like "
        "kube-mast01:6443"}},
      {"ApiServerIsAUrl",
       "10.0.0.31:6443",
       "https://mast2:6443",
       {"f:13:32: `https://mast2` is neither an IP address nor a host name; write it like "
        "kube-mast01:6443 or 192.168.4.31:6443"}},
      {"ApiServerIsNoAddress",
       "10.0.0.31:6443",
       "10.0.0.310:6443",
       {"f:13:32: `10.0.0.310` is neither an IP address nor a host name; write it like "
        "kube-mast01:6443 or 192.168.4.31:6443"}},
      {"ApiServerInBrackets",
       "10.0.0.31:6443",
       "\"[mast2]:6443\"",
       {"f:13:32: `[mast2]:6443` is no host and port; write it like kube-mast01:6443"}},
      {"ApiServerIsAMap",
       "10.0.0.31:6443",
       "{host: mast2}",
       {"f:13:32: an apiserver must be a host and a port, not a map; write it like "
        "kube-mast01:6443"}},
      {"ApiServerUnderscore",
       "10.0.0.31:6443",
       "mast_2:6443",
       {"f:13:32: `mast_2` is neither an IP address nor a host name; write it like "
        "kube-mast01:6443 or 192.168.4.31:6443"}},
      {"ApiServerUnspecified",
       "10.0.0.31:6443",
       "0.0.0.0:6443",
       {"f:13:32: 0.0.0.0 means \"no address\" (0.0.0.0/8); choose one of the network"}},
      {"TooManyApiServers",
       "[mast1:6443, 10.0.0.31:6443]",
       many_api_servers(65),
       {"f:13:19: there are 65 apiServers; the most is 64; remove some"}},
      {"LocationNamesNoNode",
       "{node1: 50}",
       "{nodel: 50}",
       {"f:14:18: there is no node `nodel`; did you mean `node1`?"}},
      {"LocationNamesAStranger",
       "{node1: 50}",
       "{berlin: 50}",
       {"f:14:18: there is no node `berlin`; the nodes are node1, node2 and node3"}},
      {"LocationNamesAWitness",
       "{node1: 50}",
       "{node3: 50}",
       {"f:14:18: node `node3` is a witness, which never runs a service; remove this preference"}},
      {"LocationIsNoScore",
       "{node1: 50}",
       "{node1: high}",
       {"f:14:25: `node1` must be a whole number from -1000000 to 1000000, INFINITY or -INFINITY, "
        "not `high`"}},
      {"LocationIsTooLarge",
       "{node1: 50}",
       "{node1: 1000001}",
       {"f:14:25: `node1` must be a whole number from -1000000 to 1000000, INFINITY or -INFINITY, "
        "not `1000001`"}},
      {"LocationIsAText",
       "{node1: 50}",
       "{node1: \"50\"}",
       {"f:14:25: `node1` is a text; remove the quotes"}},
      {"LocationIsAList",
       "{node1: 50}",
       "[node1]",
       {"f:14:17: spec.services[0].location must be a map of keys and values, not a list"}},
      {"LocationScoreIsAMap",
       "{node1: 50}",
       "{node1: {a: 1}}",
       {"f:14:25: `node1` must be a score, not a map"}},
      {"IntervalTooShort",
       location,
       "      healthCheck: {interval: 49ms}",
       {"f:14:31: interval must be from 50ms to 1m, not 49ms"}},
      {"IntervalTooLong",
       location,
       "      healthCheck: {interval: 61s}",
       {"f:14:31: interval must be from 50ms to 1m, not 1m1s"}},
      {"FallZero",
       location,
       "      healthCheck: {fall: 0}",
       {"f:14:27: fall must be from 1 to 100, not 0"}},
      {"RiseTooLarge",
       location,
       "      healthCheck: {rise: 101}",
       {"f:14:27: rise must be from 1 to 100, not 101"}},
      {"CaFileRelative",
       location,
       "      healthCheck: {caFile: pki/ca.crt}",
       {"f:14:29: caFile must be an absolute path, not `pki/ca.crt`; begin it with /"}},
      {"CaFileWithoutTls",
       location,
       "      healthCheck: {mode: tcp, caFile: /ca.crt}",
       {"f:14:40: the mode tcp looks at no certificate, so caFile would do nothing; remove it, or "
        "use the mode readyz or tls"}},
      {"CaFileWithControlCharacter",
       location,
       "      healthCheck: {caFile: \"/ca.crt\\n  stats enable\"}",
       {"f:14:29: caFile contains a control character; remove it"}},
      {"TimeoutZero",
       location,
       "      haproxy: {timeouts: {tunnel: 0}}",
       {"f:14:36: tunnel must be from 10ms to 576h, not 0s"}},
      {"TimeoutTooLong",
       location,
       "      haproxy: {timeouts: {clientFin: 577h}}",
       {"f:14:39: clientFin must be from 10ms to 576h, not 577h"}},
      {"MaxConnectionsZero",
       location,
       "      haproxy: {maxConnections: 0}",
       {"f:14:33: maxConnections must be from 1 to 1000000, not 0"}},
      {"MaxConnectionsTooMany",
       location,
       "      haproxy: {maxConnections: 1000001}",
       {"f:14:33: maxConnections must be from 1 to 1000000, not 1000001"}},
      {"ProfileAndLease",
       timing,
       "  timing: {profile: lan, lease: 300ms}",
       {"f:15:33: `lease` and a profile exclude each other, since a profile sets heartbeat and "
        "lease; remove one of them"}},
      {"ProfileAndHeartbeat",
       timing,
       "  timing: {heartbeat: 50ms, profile: lan}",
       {"f:15:23: `heartbeat` and a profile exclude each other, since a profile sets heartbeat and "
        "lease; remove one of them"}},
      {"LeaseTooShortForItsHeartbeat",
       "lease: 300ms",
       "lease: 245ms",
       {"f:15:36: a lease of 245ms gives a right of 245ms * 0.815 - 0.5ms = 199.175ms, which is "
        "3.9 heartbeats of 50ms; a right of less than 4 would be lost with a few datagrams; make "
        "the lease 247ms or longer, or the heartbeat 49ms or shorter"}},
      {"LeaseZero",
       "lease: 300ms",
       "lease: 0",
       {"f:15:36: a lease of 0s gives a right of 0s * 0.815 - 0.5ms = 0s, which is 0.0 heartbeats "
        "of 50ms; a right of less than 4 would be lost with a few datagrams; make the lease 247ms "
        "or longer"}},
      {"HeartbeatTooLongForTheDefaultLease",
       timing,
       "  timing: {heartbeat: 100ms}",
       {"f:15:23: a lease of 300ms gives a right of 300ms * 0.815 - 0.5ms = 244ms, which is 2.4 "
        "heartbeats of 100ms; a right of less than 4 would be lost with a few datagrams; make the "
        "lease 492ms or longer, or the heartbeat 61ms or shorter"}},
      {"HeartbeatTooLongForAnyLease",
       "heartbeat: 50ms",
       "heartbeat: 2s",
       {"f:15:34: a lease of 300ms gives a right of 300ms * 0.815 - 0.5ms = 244ms, which is 0.1 "
        "heartbeats of 2s; a right of less than 4 would be lost with a few datagrams; make the "
        "heartbeat 61ms or shorter"}},
      {"HeartbeatOfYears",
       "heartbeat: 50ms",
       "heartbeat: 87600h",
       {"f:15:38: a lease of 300ms gives a right of 300ms * 0.815 - 0.5ms = 244ms, which is 0.0 "
        "heartbeats of 87600h; a right of less than 4 would be lost with a few datagrams; make the "
        "heartbeat 61ms or shorter"}},
      {"LeaseBelowAnyHeartbeat",
       "{heartbeat: 50ms, lease: 300ms}",
       "{heartbeat: 5ms, lease: 10ms}",
       {"f:15:35: a lease of 10ms gives a right of 10ms * 0.815 - 0.5ms = 7.65ms, which is 1.5 "
        "heartbeats of 5ms; a right of less than 4 would be lost with a few datagrams; make the "
        "lease 26ms or longer"}},
      {"HeartbeatTooShort",
       "heartbeat: 50ms",
       "heartbeat: 4ms",
       {"f:15:23: a heartbeat of 4ms is too short to be kept by a busy machine; the least is 5ms"}},
      {"LeaseTooLong",
       "lease: 300ms",
       "lease: 6s",
       {"f:15:36: a lease of 6s is too long: a voter that has lost its memory abstains for 5s, and "
        "no promise may outlive that; the most is 5s"}},
      {"KeyFileRelative",
       timing,
       "  keyFile: cluster.key",
       {"f:15:12: keyFile must be an absolute path, not `cluster.key`; begin it with /"}},
      {"KeyFileTooLong",
       timing,
       "  keyFile: /" + std::string(4095, 'k'),
       {"f:15:12: keyFile is longer than 4095 bytes, which no path can be; shorten it"}},
      {"NoQuorumPolicyFreeze",
       timing,
       "  noQuorumPolicy: freeze",
       {"f:15:19: `freeze` exists in scenarios only: without quorum a lease can't be renewed, so "
        "nothing can stay where it is; use `stop`"}},
      {"NoQuorumPolicyUnknown",
       timing,
       "  noQuorumPolicy: suicide",
       {"f:15:19: unknown noQuorumPolicy `suicide`; it must be stop, ignore or freeze"}},
      {"StickinessNegative",
       timing,
       "  scheduling: {resourceStickiness: -1}",
       {"f:15:36: resourceStickiness must be from 0 to INFINITY, not -1"}},
      {"ThresholdNegative",
       timing,
       "  scheduling: {migrationThreshold: -INFINITY}",
       {"f:15:36: migrationThreshold must be from 0 to INFINITY, not -INFINITY"}},
      {"FailureTimeoutNegative",
       timing,
       "  scheduling: {failureTimeout: -1s}",
       {"f:15:32: `failureTimeout`: `-1s` is not a duration: it must not be negative"}},
  };
}

class BadSetting : public testing::TestWithParam<Case> {};

TEST_P(BadSetting, IsRefused) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Each, BadSetting, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace hapx::refusals
