// SPDX-License-Identifier: Apache-2.0
// What did nodes of earlier versions say?
//
// The contents of the datagrams in golden/. A version adds a function when it changes the wire;
// none is changed ever after, or a rolling upgrade has lost its proof.
#pragma once

#include <string>

#include "membership/codec.hpp"

namespace hapx::membership::testing {

inline Codec::Options options_then(const std::string& node, std::uint64_t incarnation) {
  Codec::Options out;
  out.cluster = ClusterName("kube-demo");
  out.self = NodeName(node);
  out.incarnation = {incarnation};
  out.keys.first.fill(0x5a);
  return out;
}

/// One of everything, from node1 (incarnation 11) to node2, before configurations were compared.
inline Message said_before_configs_were_compared() {
  using namespace std::chrono_literals;
  Message m;
  m.to = NodeName("node2");
  const LeaseKey key("192.168.4.20");
  const Ballot ours{4, NodeName("node1"), {11}};
  const Ballot theirs{3, NodeName("node2"), {22}};
  Beat beat;
  beat.hears = {{NodeName("node2"), {22}, 4}, {NodeName("node3"), {33}, 0}};
  beat.coordinator = CoordinatorTold{{9, NodeName("node3"), {33}}, 120ms};
  beat.plan = PlanId{{8, NodeName("node3"), {33}}, 5};
  beat.challenge = 77;
  beat.response = 88;
  beat.rival = Incarnation{99};
  beat.leaving = true;
  beat.orders_may_be_stale = true;
  m.beat = beat;
  m.prepares = {{key, ours}};
  m.prepare_answers = {{key, theirs, Vote::yes, theirs, std::nullopt, 0ns},
                       {key, theirs, Vote::abstains, {}, std::nullopt, 3s}};
  m.proposals = {{key, ours, 17, 300ms, true}};
  BootId boot;
  boot.bytes.fill(3);
  m.proposal_answers = {{key, theirs, 6, Vote::no, ours, LeaseTold{ours, boot, 123ms}, 0ns}};
  m.releases = {{key, ours}};
  ServiceReport service;
  service.service = ServiceName("kube-apiserver");
  service.vip = {ResourceState::monitor_failed, false, 2, 90s};
  service.haproxy.state = ResourceState::started;
  service.link_up = service.haproxy_fit = service.moved_here = true;
  service.healthy_api_servers = 2;
  service.api_servers = 3;
  service.obstacle = "there is no interface eth0";
  m.report_parts = {{7, 0, 1, service}};
  m.plan_parts = {{*beat.plan, 0, 1,
                   Assignment{service.service, NodeName("node1"), std::nullopt, true, "because"}},
                  {*beat.plan, 0, 0, std::nullopt}};
  const StandingOrder standby{Subject::standby(NodeName("node3")), "root@node1",
                              Utc(1'795'873'017s), Utc(1'795'876'617s)};
  m.record_reads = {{ours, 3}};
  m.record_answers = {{theirs, 2, theirs, RecordId{theirs, 6}}, {theirs, 0, ours, {}}};
  m.record_told = {{{theirs, 6}, 0, 1, standby, 0}};
  m.record_written = {{{ours, 7}, 0, 0, std::nullopt, 3}};
  m.orders = {{5, NodeName("node1"), Move{service.service, NodeName("node2")}},
              {6, NodeName("node1"),
               RecordChange{RecordChange::Verb::give, Subject::standby(NodeName("node3")),
                            "root@node1", 30min}},
              {7, NodeName("node1"), Cleanup{service.service, m.to}}};
  m.order_answers = {{5, NodeName("node2"), OrderOutcome::accepted, "moved"}};
  return m;
}

/// The same, before a claim said which plan wants the key.
inline Message said_before_claims_named_a_plan() {
  Message m = said_before_configs_were_compared();
  m.beat->config = 111;
  m.config_told = {{111, 0, 2, {"service kube-apiserver", 222}}, {111, 1, 2, {"spec.timing", 3}}};
  return m;
}

}  // namespace hapx::membership::testing
