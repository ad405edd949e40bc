// SPDX-License-Identifier: Apache-2.0
// May etcd be relied on for the third vote? (LEASE.md, rule 27)
#include <algorithm>
#include <chrono>
#include <string>

#include "appliance/doctor/judge.hpp"
#include "appliance/status.hpp"
#include "config/etcd_endpoint.hpp"

namespace hapx::appliance::doctor {
namespace {

void judge_commits(Duration slowest, Duration lease, std::size_t answering, Findings& findings) {
  const auto commit = std::chrono::ceil<std::chrono::milliseconds>(slowest);
  const std::string measured = "etcd commits within " + hapx::to_string(Duration(commit)) +
                               ", seen by " + std::to_string(answering) +
                               (answering == 1 ? " member" : " members");
  if (slowest * commits_per_lease_min <= lease) {
    findings.push_back({Verdict::ok, "etcd", measured});
    return;
  }
  findings.push_back(
      {Verdict::warn, "etcd",
       measured + ", and the lease of " + hapx::to_string(lease) + " is less than ten times that",
       "set spec.timing.lease to " + hapx::to_string(Duration(commit * commits_per_lease_min)) +
           ", or give etcd a faster disk"});
}

}  // namespace

void judge_etcd(const Facts& facts, Findings& findings) {
  if (!facts.config || facts.etcd.empty()) return;
  std::size_t answering = 0;
  const EtcdMemberHere* first = nullptr;
  Duration slowest{0};
  for (const EtcdMemberHere& member : facts.etcd) {
    const std::string name = write_etcd_endpoint(member.at);
    if (!member.trouble.empty()) {
      findings.push_back({Verdict::warn, "etcd", name + " does not answer: " + member.trouble,
                          "with another member the vote is there all the same"});
      continue;
    }
    if (first != nullptr && member.store != first->store) {
      findings.push_back({Verdict::fail, "etcd",
                          name + " is a member of another etcd than " +
                              write_etcd_endpoint(first->at) +
                              ", so two nodes could each be given the vote",
                          "name the members of one etcd"});
      continue;
    }
    if (first == nullptr) first = &member;
    ++answering;
    slowest = std::max(slowest, member.slowest_commit);
  }
  if (answering == 0) {
    findings.push_back({Verdict::fail, "etcd",
                        "no member of etcd answers, so neither node goes on without the other one",
                        "see above; docs/third-vote.md has what it needs"});
    return;
  }
  judge_commits(slowest, facts.config->timing.lease, answering, findings);
}

}  // namespace hapx::appliance::doctor
