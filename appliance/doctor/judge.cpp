// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/judge.hpp"

#include <algorithm>

namespace hapx::appliance::doctor {
namespace {

// linux/capability.h
struct Capability {
  unsigned number;
  const char* name;
  const char* purpose;
};
constexpr Capability capabilities[] = {{12, "CAP_NET_ADMIN", "adds addresses"},
                                       {13, "CAP_NET_RAW", "announces them"},
                                       {39, "CAP_BPF", "lets the kernel hold the lease"}};

void judge_fence(const Facts& facts, Findings& findings) {
  constexpr auto lease_without = std::chrono::milliseconds(1500);
  if (facts.fence.outcome == Attempt::Outcome::worked) {
    findings.push_back({Verdict::ok, "fence", "the kernel takes hapx's BPF filter (clsact)"});
    return;
  }
  if (facts.fence.outcome == Attempt::Outcome::not_made) {
    findings.push_back(
        {Verdict::warn, "fence",
         "not tried whether the kernel takes hapx's BPF filter: " + facts.fence.reason,
         "run `hapx doctor` as root"});
    return;
  }
  const bool long_lease = facts.config && facts.config->timing.lease >= lease_without;
  findings.push_back(
      {long_lease ? Verdict::warn : Verdict::fail, "fence",
       "the kernel refuses hapx's BPF filter: " + facts.fence.reason +
           (long_lease ? "; the addresses' lifetime is the fence then"
                       : "; with a lease below 1.5s hapxd then holds nothing"),
       "load sch_ingress and cls_bpf, or allow bpf(2) here; else set spec.timing.lease to 1.5s or "
       "more"});
}

}  // namespace

bool may_hold(const Facts& facts) {
  if (!facts.config || !facts.self) return true;
  const auto node = std::ranges::find(facts.config->nodes, *facts.self, &NodeConfig::name);
  return node == facts.config->nodes.end() || node->role == Role::full;
}

void judge_files(const Facts& facts, Findings& findings) {
  if (!facts.config) {
    const auto count = facts.config_refusals.size();
    findings.push_back(
        {Verdict::fail, "file",
         count == 0 ? facts.config_file + " was not read"
                    : facts.config_refusals.front() +
                          (count > 1 ? " (and " + std::to_string(count - 1) + " more)" : ""),
         "`hapx config check` tells all that is wrong; `hapx init` writes a first file"});
    return;
  }
  findings.push_back({Verdict::ok, "file",
                      facts.config_file + " is good (" + facts.config->name.text() + ", " +
                          std::to_string(facts.config->nodes.size()) + " nodes)"});
  if (facts.config_writable_by_others) {
    findings.push_back({Verdict::warn, "file",
                        facts.config_file + " can be written by group or others",
                        "chmod 0644 " + facts.config_file});
  }
  if (facts.self) {
    findings.push_back({Verdict::ok, "node",
                        "this machine is " + facts.self->text() +
                            (may_hold(facts) ? "" : ", a witness: it votes, and holds nothing")});
  } else {
    findings.push_back({Verdict::fail, "node", facts.self_refusal,
                        "set the host name or the address as the file has it"});
  }
  if (!facts.key_refusal.empty()) {
    findings.push_back({Verdict::fail, "key", facts.key_refusal,
                        "the key is a file of root's with mode 0400, the same on every node"});
  } else if (facts.key_seen) {
    findings.push_back(
        {Verdict::ok, "key", facts.config->key_file + " is good, and nobody else can read it"});
  } else {
    findings.push_back({Verdict::warn, "key",
                        "not looked at: only root can read " + facts.config->key_file,
                        "run `hapx doctor` as root"});
  }
}

void judge_kernel(const Facts& facts, Findings& findings) {
  if (!facts.kernel_release.empty()) {
    findings.push_back({Verdict::ok, "kernel", "Linux " + facts.kernel_release});
  }
  if (!may_hold(facts)) return;
  std::string missing;
  for (const auto& [number, name, purpose] : capabilities) {
    if ((facts.bounding_set >> number & 1U) != 0) continue;
    missing += std::string(missing.empty() ? "" : ", ") + name + " (" + purpose + ")";
  }
  if (missing.empty()) {
    findings.push_back({Verdict::ok, "rights", "no capability that hapxd needs is withheld here"});
  } else {
    findings.push_back({Verdict::fail, "rights", "withheld from every process here: " + missing,
                        "grant them to this container or machine"});
  }
  judge_fence(facts, findings);
  if (facts.freebind.outcome == Attempt::Outcome::failed) {
    findings.push_back(
        {Verdict::fail, "listening",
         "can't listen at an address that is elsewhere (IP_FREEBIND): " + facts.freebind.reason,
         "allow that socket option here; HAProxy is warm on a standby only with it"});
  } else if (facts.freebind.outcome == Attempt::Outcome::worked) {
    findings.push_back(
        {Verdict::ok, "listening",
         "a socket can listen at an address that is elsewhere" +
             std::string(facts.nonlocal_bind ? "; net.ipv4.ip_nonlocal_bind=1 is not needed for it"
                                             : "")});
  }
}

Findings judge(const Facts& facts) {
  Findings findings;
  judge_files(facts, findings);
  judge_kernel(facts, findings);
  judge_interfaces(facts, findings);
  judge_neighbours(facts, findings);
  judge_service(facts, findings);
  judge_etcd(facts, findings);
  return findings;
}

}  // namespace hapx::appliance::doctor
