// SPDX-License-Identifier: Apache-2.0
// What hapx serves, and with whom: HAProxy, the kube-apiservers, the other nodes.
#include <algorithm>
#include <string>

#include "appliance/doctor/judge.hpp"
#include "appliance/doctor/texts.hpp"
#include "config/write.hpp"

namespace hapx::appliance::doctor {
namespace {

void judge_haproxy(const Facts& facts, Findings& findings) {
  if (!may_hold(facts)) return;
  if (facts.haproxy_version.empty()) {
    findings.push_back(
        {Verdict::fail, "haproxy",
         facts.haproxy_trouble.empty() ? "there is no HAProxy here" : facts.haproxy_trouble,
         "apt install haproxy"});
  } else if (!is_at_least(facts.haproxy_version, 2, 6)) {
    findings.push_back({Verdict::fail, "haproxy",
                        "HAProxy " + facts.haproxy_version + " is too old; hapx needs 2.6 or newer",
                        "install a newer one"});
  } else {
    findings.push_back({Verdict::ok, "haproxy", "HAProxy " + facts.haproxy_version});
  }
}

void judge_certificate(const ApiServerHere& server, const ClusterConfig& config,
                       Findings& findings) {
  constexpr std::int64_t soon_hours = 14 * 24;
  if (!server.speaks_tls) {
    findings.push_back({Verdict::warn, "apiserver",
                        server.name + " is there, but speaks no TLS: " + server.trouble,
                        "is it a kube-apiserver?"});
    return;
  }
  bool well = true;
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) {
      const auto& address = vip.address.address;
      const bool behind = std::ranges::any_of(service.api_servers, [&](const auto& other) {
        return server.name == write_api_server(other);
      });
      if (!behind || server.certified.contains(address)) continue;
      well = false;
      findings.push_back({Verdict::warn, "apiserver",
                          "the certificate of " + server.name + " does not name " +
                              to_string(address) + ": clients that go by this address refuse it",
                          "add it to apiServer.certSANs of kubeadm's file and renew the "
                          "certificate, unless all clients go by a DNS name"});
    }
  }
  const auto left = server.certificate_hours_left;
  if (left && *left < soon_hours) {
    well = false;
    findings.push_back(
        {*left < 0 ? Verdict::fail : Verdict::warn, "apiserver",
         "the certificate of " + server.name +
             (*left < 0 ? " is over" : " is over in " + std::to_string(*left / 24) + " days"),
         "kubeadm certs renew apiserver"});
  }
  if (well) {
    findings.push_back(
        {Verdict::ok, "apiserver", server.name + " answers, and its certificate names the VIP"});
  }
}

void judge_api_servers(const Facts& facts, Findings& findings) {
  if (!facts.config) return;
  const auto is_dead = [](const ApiServerHere& server) {
    return !server.trouble.empty() && !server.speaks_tls;
  };
  const bool all_dead =
      !facts.api_servers.empty() && std::ranges::all_of(facts.api_servers, is_dead);
  for (const auto& server : facts.api_servers) {
    if (!is_dead(server)) {
      judge_certificate(server, *facts.config, findings);
      continue;
    }
    findings.push_back({all_dead ? Verdict::fail : Verdict::warn, "apiserver",
                        server.name + " can't be reached: " + server.trouble,
                        all_dead ? "none answers, so there is nothing to serve; before the control "
                                   "plane is there that is as it must be"
                                 : "look at its machine, the route and the firewall"});
  }
}

}  // namespace

void judge_service(const Facts& facts, Findings& findings) {
  judge_haproxy(facts, findings);
  if (may_hold(facts)) judge_api_servers(facts, findings);
  if (!facts.running) {
    findings.push_back({Verdict::ok, "hapxd", "none runs here, or none that answers"});
    return;
  }
  findings.push_back(
      facts.running->version == facts.version
          ? Finding{Verdict::ok, "hapxd", "it runs (" + facts.running->version + ")"}
          : Finding{Verdict::warn, "hapxd",
                    "it runs as version " + facts.running->version + ", and this program is " +
                        facts.version,
                    "systemctl kill --kill-who=main --signal=SIGUSR2 hapxd replaces it within its "
                    "lease"});
  const auto port = facts.config ? std::to_string(facts.config->port) : std::string("7405");
  for (const auto& node : facts.running->unheard) {
    findings.push_back({Verdict::warn, "nodes", "hapxd here does not hear " + node.text(),
                        "if hapxd runs there: is UDP " + port +
                            " open between the nodes, and the "
                            "key the same?"});
  }
}

}  // namespace hapx::appliance::doctor
