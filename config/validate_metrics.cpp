// SPDX-License-Identifier: Apache-2.0
#include "config/validate_metrics.hpp"

#include <string>
#include <utility>

#include "config/address_kind.hpp"
#include "config/validate_listen.hpp"

namespace hapx {
namespace {

/// Who may look, and who could listen in.
void validate_access(const MetricsConfig& metrics, std::vector<Finding>& findings) {
  const auto find = [&](const char* key, std::string sentence) {
    findings.push_back({std::string("spec.metrics.") + key, {}, std::move(sentence)});
  };
  const bool has_certificate = !metrics.cert_file.empty();
  if (has_certificate && metrics.key_file.empty())
    find("certFile", "a certificate is shown by who has its key; add `keyFile`");
  if (!has_certificate && !metrics.key_file.empty())
    find("keyFile", "there is no certificate that it is the key of; add `certFile`");
  if (!has_certificate && !metrics.client_ca_file.empty())
    find("clientCAFile", "certificates are shown over HTTPS alone; add `certFile` and `keyFile`");
  const bool stays_here = metrics.listen && is_loopback(metrics.listen->address);
  if (!has_certificate && !metrics.credentials_file.empty() && !stays_here)
    find("credentialsFile",
         "whoever sees the network would read the passwords; add `certFile` and `keyFile`, or "
         "listen at 127.0.0.1");
}

}  // namespace

std::vector<Finding> validate_metrics(const ClusterConfig& config) {
  if (!config.metrics.listen) return {};
  std::vector<Finding> findings;
  validate_access(config.metrics, findings);
  const ListenWords words{"spec.metrics.listen", "metrics", "127.0.0.1:9405"};
  for (auto& finding : validate_listen(*config.metrics.listen, words, config))
    findings.push_back(std::move(finding));
  return findings;
}

}  // namespace hapx
