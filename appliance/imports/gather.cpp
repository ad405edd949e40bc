// SPDX-License-Identifier: Apache-2.0
#include "appliance/imports/gather.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <tuple>
#include <utility>

#include "appliance/imports/service_list.hpp"
#include "config/net.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::imports {
namespace {

std::string where(const Place& place) {
  return place.file + ":" + std::to_string(place.line);
}

bool is_in_network(const IpAddress& address, const SourceVip& vip) {
  const auto network = parse_cidr(vip.address + "/" + vip.prefix);
  if (!network || network->address.family != address.family) return false;
  return network_of({address, network->prefix}) == network_of(*network) &&
         address != network->address;
}

class Gatherer {
 public:
  Gatherer(const std::vector<Source>& sources, const Wishes& wishes)
      : sources_(sources), wishes_(wishes) {}

  [[nodiscard]] Plan run() {
    ServiceList services(plan_);
    for (const Source& source : sources_) {
      for (const SourceNode& node : source.nodes) nodes_.add(node);
      for (const SourceGroup& group : source.groups) services.add(group);
      for (const SourceFrontend& frontend : source.frontends) services.add(frontend);
      plan_.remarks.insert(plan_.remarks.end(), source.remarks.begin(), source.remarks.end());
    }
    for (const std::string& node : wishes_.nodes) nodes_.wish(node, Role::full);
    for (const std::string& node : wishes_.witnesses) nodes_.wish(node, Role::witness);
    plan_.nodes = nodes_.plan(plan_.remarks, plan_.missing);
    services.plan(wishes_, nodes_);
    name_cluster();
    plan_.stickiness = first(&Source::stickiness, "spec.scheduling.resourceStickiness");
    plan_.migration_threshold =
        first(&Source::migration_threshold, "spec.scheduling.migrationThreshold");
    plan_.failure_timeout = first(&Source::failure_timeout, "spec.scheduling.failureTimeout");
    plan_.vip_on_fail = first(&Source::vip_on_fail, "spec.services[].onFail.vip");
    plan_.haproxy_on_fail = first(&Source::haproxy_on_fail, "spec.services[].onFail.haproxy");
    plan_stats();
    plan_extra();
    plan_policy();
    put_in_order();
    return std::move(plan_);
  }

 private:
  /// The first one counts; of the others it is said what became of them.
  template <class T>
  std::optional<T> first(std::vector<Said<T>> Source::*list, const std::string& key) {
    const Said<T>* taken = nullptr;
    for (const Source& source : sources_) {
      for (const Said<T>& said : source.*list) {
        if (taken == nullptr) taken = &said;
        if (taken->value == said.value) {
          take(plan_.remarks, said.place, said.words, key);
        } else {
          leave_out(plan_.remarks, said.place, said.words,
                    "hapx has one for all, and that of " + where(taken->place) + " was taken");
        }
      }
    }
    return taken != nullptr ? std::optional(taken->value) : std::nullopt;
  }

  void name_cluster() {
    if (!wishes_.cluster.empty()) {
      plan_.cluster = wishes_.cluster;
      for (const Source& source : sources_) {
        for (const Said<std::string>& said : source.clusters) {
          leave_out(plan_.remarks, said.place, said.words, "--cluster says it");
        }
      }
      return;
    }
    std::string said;
    for (const Source& source : sources_) {
      if (said.empty() && !source.clusters.empty()) said = source.clusters.front().value;
    }
    plan_.cluster = as_label(said);
    const bool same = plan_.cluster == said;
    first(&Source::clusters, same ? "metadata.name" : "metadata.name, as " + shown(plan_.cluster));
    if (!plan_.cluster.empty()) return;
    plan_.missing.push_back(said.empty() ? "the cluster has no name in what was read; give it with "
                                           "--cluster NAME"
                                         : shown(said) +
                                               " can't be the name of a cluster, which has 1 to 63 "
                                               "lower-case letters, digits and hyphens; give "
                                               "another one with --cluster NAME");
  }

  void plan_stats() {
    for (const Source& source : sources_) {
      for (const Said<std::uint16_t>& said : source.stats) {
        const bool serves = std::ranges::any_of(plan_.services, [&](const PlannedService& one) {
          return one.frontend.port.value == said.value;
        });
        if (serves) {
          leave_out(plan_.remarks, said.place, said.words, "the service itself has that port");
        } else if (plan_.stats && *plan_.stats != said.value) {
          leave_out(plan_.remarks, said.place, said.words, "the page has one port");
        } else {
          plan_.stats = said.value;
          take(plan_.remarks, said.place, said.words,
               "spec.services[0].haproxy.stats; who may see it is to be in "
               "/etc/hapx/stats.credentials");
        }
      }
    }
  }

  void plan_extra() {
    for (const Source& source : sources_) {
      for (const Said<std::string>& said : source.extra_global) {
        const bool there =
            std::ranges::find(plan_.extra_global, said.value) != plan_.extra_global.end();
        if (!there) plan_.extra_global.push_back(said.value);
        take(plan_.remarks, said.place, said.words, "spec.services[0].haproxy.extraConfig.global");
      }
    }
  }

  /// Who is asked, where one of two goes on alone: an outsider in the network of a VIP.
  [[nodiscard]] std::string outsider() const {
    for (const Source& source : sources_) {
      for (const Said<std::string>& said : source.outsiders) {
        const auto address = parse_ip(said.value);
        if (address && vip_near(*address) != nullptr) return said.value;
      }
    }
    return "";
  }

  [[nodiscard]] const SourceVip* vip_near(const IpAddress& address) const {
    for (const PlannedService& service : plan_.services) {
      for (const SourceVip& vip : service.vips) {
        if (is_in_network(address, vip)) return &vip;
      }
    }
    return nullptr;
  }

  void plan_policy() {
    const Said<NoQuorumPolicy>* alone = nullptr;
    for (const Source& source : sources_) {
      for (const Said<NoQuorumPolicy>& said : source.policies) {
        if (said.value == NoQuorumPolicy::ignore && alone == nullptr) alone = &said;
      }
    }
    const bool two = nodes_.size() == 2;
    if (two && (alone != nullptr || !wishes_.tie_breaker.empty())) ask_outsider(alone);
    if (!two && !wishes_.tie_breaker.empty()) {
      plan_.missing.push_back("--tie-breaker is for two nodes, and there are " +
                              std::to_string(nodes_.size()) + "; leave it out");
    }
    const bool goes_on = !plan_.tie_breaker.empty();
    for (const Source& source : sources_) {
      for (const Said<NoQuorumPolicy>& said : source.policies) {
        if ((said.value == NoQuorumPolicy::ignore) == goes_on) {
          take(plan_.remarks, said.place, said.words,
               goes_on ? "spec.noQuorumPolicy, with spec.tieBreaker" : "the default");
        } else {
          leave_out(plan_.remarks, said.place, said.words,
                    goes_on ? "one of two nodes goes on alone, by " +
                                  (alone != nullptr ? where(alone->place) : "--tie-breaker")
                            : "only one of two nodes goes on alone: here the votes decide");
        }
      }
    }
  }

  void ask_outsider(const Said<NoQuorumPolicy>* alone) {
    const std::string asked = wishes_.tie_breaker.empty() ? outsider() : wishes_.tie_breaker;
    if (asked.empty()) {
      plan_.missing.push_back(
          "one of two nodes goes on alone here (" + shown(alone->words) + ", " +
          where(alone->place) +
          "), and hapx has it ask somebody first: give --tie-breaker ADDRESS, mostly the gateway, "
          "or --witness NAME=ADDRESS, a third vote");
      return;
    }
    const auto address = parse_ip(asked);
    if (!address) {
      plan_.missing.push_back(shown(asked) +
                              " is no address; write it like --tie-breaker 192.168.4.1");
      return;
    }
    plan_.tie_breaker = asked;
    const SourceVip* vip = vip_near(*address);
    if (vip == nullptr && !plan_.services.empty() && !plan_.services[0].vips.empty()) {
      vip = &plan_.services[0].vips[0];
    }
    if (vip != nullptr) plan_.tie_breaker_interface = vip->interface;
  }

  /// By file, in the order in which they were given, and line; each once.
  void put_in_order() {
    std::map<std::string, std::size_t> order;
    for (const Source& source : sources_) order.emplace(source.file, order.size());
    auto& remarks = plan_.remarks;
    std::ranges::stable_sort(remarks, {}, [&](const Remark& remark) {
      const auto file = order.find(remark.place.file);
      return std::pair(file == order.end() ? order.size() : file->second, remark.place.line);
    });
    std::set<std::tuple<std::string, std::size_t, std::string, std::string>> seen;
    std::erase_if(remarks, [&](const Remark& remark) {
      return !seen.emplace(remark.place.file, remark.place.line, remark.words, remark.reason)
                  .second;
    });
  }

  const std::vector<Source>& sources_;
  const Wishes& wishes_;
  NodeList nodes_;
  Plan plan_;
};

}  // namespace

Plan gather(const std::vector<Source>& sources, const Wishes& wishes) {
  return Gatherer(sources, wishes).run();
}

}  // namespace hapx::appliance::imports
