// SPDX-License-Identifier: Apache-2.0
// How is one service on one node tried by hand?
//
// Fed with events, rights and wishes, and asked what it wants done.
#pragma once

#include <algorithm>
#include <map>
#include <optional>

#include "appliance/service_here.hpp"

namespace hapx::appliance {

using membership::LeaseKey;
using membership::ResourceState;
using std::chrono::milliseconds;

inline const InterfaceName eth0("eth0");
inline const IpAddress vip_address = ipv4(10, 0, 0, 9);
inline const LeaseKey key = LeaseKey::of(vip_address);

struct Bench {
  explicit Bench(OnFailConfig on_fail = {}, Duration lease = milliseconds(300)) {
    config.timing.lease = lease;
    ServiceConfig service;
    service.name = ServiceName("api");
    service.vips = {{{vip_address, 24}, eth0}};
    service.on_fail = on_fail;
    config.services = {service};
    here.emplace(config.services[0], config, 1);
  }

  /// A peer holds it until it is taken over here: nobody has to be asked.
  void ready() {
    here->others_hold(true, now);
    hear(vip::LinkChanged{eth0, true, true, 2, {}});
    hear(vip::FenceArmed{});
  }
  void hear(const vip::Event& event) { here->hear(event, now, out); }
  void converge() { here->converge({rights, leaving}, now, out); }
  void win() { rights[key] = now + milliseconds(244); }
  /// Brings it up to serving.
  void bring_up() {
    ready();
    here->want({true, true, false});
    converge();
    win();
    converge();
    hear(vip::AddressAdded{eth0, vip_address});
    converge();
    here->haproxy_serving(now, out);
    converge();
    out = {};
  }
  template <class Action>
  [[nodiscard]] std::ptrdiff_t asked() const {
    return std::ranges::count_if(out.actions,
                                 [](const auto& a) { return std::holds_alternative<Action>(a); });
  }
  template <class Action>
  [[nodiscard]] std::ptrdiff_t place_of() const {
    return std::ranges::find_if(out.actions,
                                [](const auto& a) { return std::holds_alternative<Action>(a); }) -
           out.actions.begin();
  }
  [[nodiscard]] bool serve_wanted() const { return !out.serve.empty(); }

  ClusterConfig config;
  std::optional<ServiceHere> here;
  std::map<LeaseKey, Instant> rights;
  bool leaving = false;
  Instant now = Instant(std::chrono::seconds(100));
  Decisions out;
};

}  // namespace hapx::appliance
