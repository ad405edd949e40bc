// SPDX-License-Identifier: Apache-2.0
// Which cluster differs from another one in its kube-apiservers alone?
#pragma once

#include <string>
#include <vector>

#include "config/cluster_config.hpp"

namespace hapx::lb_supervisor {

/// One service, "kube-apiserver", with these behind it at port 6443.
inline ClusterConfig cluster_of(const std::vector<std::string>& hosts) {
  ClusterConfig config;
  ServiceConfig service;
  service.name = ServiceName("kube-apiserver");
  service.vips = {{*parse_cidr("192.168.4.20/27"), InterfaceName("eth0")}};
  for (const auto& host : hosts) service.api_servers.push_back({host, 6443});
  config.services = {service};
  return config;
}

}  // namespace hapx::lb_supervisor
