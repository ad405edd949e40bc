// SPDX-License-Identifier: Apache-2.0
// What does a genuine datagram look like?
//
// One of everything that nodes say to each other, and a sender and a receiver that are the same in
// every run, for the targets that alter what was sealed and for the program that writes seeds.
#pragma once

#include "membership/codec.hpp"
#include "membership/message.hpp"

namespace hapx::fuzz {

inline constexpr std::uint64_t sender_incarnation = 11;

inline membership::Codec::Options options_of(const std::string& node, std::uint64_t incarnation) {
  membership::Codec::Options options;
  options.cluster = ClusterName("kube-demo");
  options.self = NodeName(node);
  options.boot.bytes.fill(static_cast<std::uint8_t>(incarnation));
  options.incarnation = {incarnation};
  options.keys.first.fill(0x5a);
  return options;
}

/// One of everything, from node1 to node2.
inline membership::Message rich_message() {
  using namespace membership;
  using namespace std::chrono_literals;
  Message message;
  message.to = NodeName("node2");
  const LeaseKey key("192.168.4.20");
  const Ballot ours{4, NodeName("node1"), {sender_incarnation}};
  const Ballot theirs{3, NodeName("node2"), {22}};
  const BootId boot{{1, 2, 3}};
  Beat beat;
  beat.hears = {{NodeName("node2"), {22}, 4}, {NodeName("node3"), {33}, 0}};
  beat.coordinator = CoordinatorTold{theirs, 120ms};
  beat.plan = PlanId{theirs, 5};
  beat.challenge = 77;
  beat.response = 88;
  beat.rival = Incarnation{99};
  beat.config = 111;
  beat.staged = 112;
  message.electorate = {3, 113, 114};
  message.beat = beat;
  message.prepares = {{key, ours}, {key, ours, beat.plan}};
  message.prepare_answers = {{key, theirs, Vote::yes, theirs, std::nullopt, 0ns},
                             {key, theirs, Vote::abstains, {}, std::nullopt, 3s}};
  message.proposals = {{key, ours, 17, 300ms, true}, {key, ours, 17, 300ms, false, beat.plan}};
  message.proposal_answers = {{key, theirs, 6, Vote::no, ours, LeaseTold{ours, boot, 123ms}, 0ns}};
  message.releases = {{key, ours}};
  ServiceReport service;
  service.service = ServiceName("kube-apiserver");
  service.vip = {ResourceState::monitor_failed, false, 2, 90s};
  service.haproxy.state = ResourceState::started;
  service.healthy_api_servers = 2;
  service.api_servers = 3;
  service.obstacle = "there is no interface eth0";
  message.report_parts = {{7, 0, 1, service}};
  message.plan_parts = {
      {*beat.plan, 0, 1, Assignment{service.service, NodeName("node1"), {}, true, "it is moved"}},
      {*beat.plan, 0, 0, std::nullopt}};
  message.orders = {{5, NodeName("node1"), Move{service.service, NodeName("node2")}}};
  message.order_answers = {{5, NodeName("node2"), OrderOutcome::accepted, "moved"}};
  const StandingOrder standby{Subject::standby(NodeName("node3")), "root@node1",
                              Utc(1'795'873'017s), Utc(1'795'876'617s)};
  message.record_reads = {{ours, 3}};
  message.record_answers = {{theirs, 2, theirs, RecordId{theirs, 6}}, {theirs, 0, ours, {}}};
  StandingOrder given = standby;
  given.given = RecordId{theirs, 5};
  message.record_told = {{{theirs, 6}, 0, 1, given, 0, RecordId{theirs, 4}, 1, {}},
                         {{theirs, 6},
                          1,
                          1,
                          {},
                          0,
                          RecordId{theirs, 4},
                          1,
                          LiftedOrder{Subject::maintenance(), {theirs, 6}}}};
  message.record_written = {{{ours, 7}, 0, 0, std::nullopt, 3}};
  message.orders.push_back(
      {6, NodeName("node1"),
       RecordChange{RecordChange::Verb::give, Subject::standby(NodeName("node3")), "root@node1",
                    30min}});
  message.orders.push_back({7, NodeName("node1"), Cleanup{service.service, message.to}});
  message.config_told = {{111, 0, 1, {"service kube-apiserver", 222}}};
  const LeaseKey six(to_string(*parse_ip("2001:db8:4::20")));
  message.clients_told = {{key, 9, 0, 1, {{ipv4(192, 168, 4, 99), 40001}}},
                          {six, 9, 1, 2, {*parse_endpoint("[2001:db8:4::99]:40002")}},
                          {key, 10, 0, 0, {}}};
  return message;
}

}  // namespace hapx::fuzz
