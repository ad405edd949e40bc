// SPDX-License-Identifier: Apache-2.0
#include "appliance/metrics.hpp"

#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace hapx::appliance {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Page {
 public:
  /// Begins the next family; what is added belongs to it.
  void family(const char* name, MetricType type, const char* help) {
    families_.push_back({name, help, type, {}});
  }

  void add(Labels labels, double value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    metric.counter.value = value;
    families_.back().metric.push_back(std::move(metric));
  }

  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer().Serialize(families_);
  }

 private:
  std::vector<MetricFamily> families_;
};

double one_if(bool is_so) {
  return is_so ? 1 : 0;
}

void add_cluster(Page& page, const Status& status) {
  page.family("hapx_build_info", MetricType::Gauge, "Always 1; the label tells hapxd's version.");
  page.add({{"version", status.version}}, 1);
  page.family("hapx_quorate", MetricType::Gauge,
              "1 if this node hears more than half of the configured votes, itself included.");
  page.add({}, one_if(status.quorate));
  page.family("hapx_member_state", MetricType::Gauge,
              "1 for the state in which this node sees a member, 0 for the other states.");
  for (const auto& member : status.members) {
    for (const auto state : {MemberState::online, MemberState::offline}) {
      page.add({{"node", member.name.text()}, {"state", std::string(to_string(state))}},
               one_if(member.state == state));
    }
  }
}

void add_vips(Page& page, const Status& status) {
  page.family(
      "hapx_vip_holder", MetricType::Gauge,
      "1 for the node that holds the VIP, as far as this node has heard, 0 for the others.");
  for (const auto& service : status.services) {
    for (const auto& address : service.addresses) {
      for (const auto& place : service.nodes) {
        page.add({{"service", service.name.text()}, {"vip", address}, {"node", place.node.text()}},
                 one_if(service.holder == place.node));
      }
    }
  }
}

}  // namespace

std::string metrics_page(const Status& status) {
  Page page;
  add_cluster(page, status);
  add_vips(page, status);
  return page.text();
}

bool asks_for_metrics(const RequestArrived& request) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  return reading && request.target == "/metrics";
}

Respond metrics_answer(const RequestArrived& request, std::string page) {
  return {request.id, 200, "text/plain; version=0.0.4; charset=utf-8", std::move(page),
          request.window};
}

Respond metrics_refusal(const RequestArrived& request) {
  const bool is_there = request.target == "/metrics";
  return {request.id, is_there ? 405U : 404U, "text/plain; charset=utf-8",
          is_there ? "/metrics can only be read: GET it\n" : "there is nothing but /metrics here\n",
          request.window};
}

}  // namespace hapx::appliance
