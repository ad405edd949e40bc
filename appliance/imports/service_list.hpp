// SPDX-License-Identifier: Apache-2.0
// Which services are there, with which addresses, and which kube-apiservers behind them?
//
// Addresses that move together are one service; each gets the frontend that listens at one of them,
// else the one that listens everywhere.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "appliance/imports/gather.hpp"
#include "config/net.hpp"

namespace hapx::appliance::imports {

class ServiceList {
 public:
  explicit ServiceList(Plan& plan) : plan_(plan) {}

  void add(const SourceGroup& group);
  void add(const SourceFrontend& frontend) { frontends_.push_back(frontend); }

  /// Puts the services into the plan, with all that is to be said of them.
  void plan(const Wishes& wishes, const NodeList& nodes);

 private:
  struct Spot {
    std::size_t group = 0;
    std::size_t vip = 0;
  };

  void add_vip(std::size_t group, const SourceVip& vip, const IpAddress& address);
  void wish_vip(const std::string& text);
  void wish_api_servers(const Wishes& wishes);
  void check_vips(const Wishes& wishes);
  void prefer(const SourceGroup& group, const NodeList& nodes, PlannedService& service,
              const std::string& path);
  void prefer_by_priority(const SourceGroup& group, const NodeList& nodes, PlannedService& service,
                          const std::string& path);
  [[nodiscard]] bool is_witness(const std::string& name) const;
  [[nodiscard]] std::size_t frontend_for(const SourceGroup& group) const;
  void take_frontend(const SourceFrontend& frontend, const std::string& path, SourceFrontend& out);

  Plan& plan_;
  std::vector<SourceGroup> groups_;
  std::vector<SourceFrontend> frontends_;
  std::map<IpAddress, Spot> spots_;  ///< where an address is
};

}  // namespace hapx::appliance::imports
