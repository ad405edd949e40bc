// SPDX-License-Identifier: Apache-2.0
// How is it shown who else has claimed our addresses?
#include <boost/json.hpp>

#include "appliance/journal.hpp"
#include "appliance/status.hpp"
#include "appliance/status_json_watch.hpp"
#include "appliance/table.hpp"

namespace hapx::appliance {

namespace json = boost::json;

std::string conflicts_to_json(const Status& status) {
  json::array out;
  for (const ServiceStatus& service : status.services) {
    for (const VipStatus& vip : service.vips) {
      for (json::value& rival : rivals_json(vip)) {
        json::object& shown = rival.as_object();
        shown["service"] = json::string(printable(service.name.text()));
        shown["address"] = json::string(printable(vip.address));
        shown["node"] = json::string(printable(status.node.text()));
        out.push_back(std::move(rival));
      }
    }
  }
  return json::serialize(out);
}

std::string conflicts_to_text(const Status& status, Style style,
                              const std::function<std::string(const std::string& mac)>& vendor_of) {
  Table table(
      {"ADDRESS", "SERVICE", "CLAIMED BY", "VENDOR", "LAST CLAIM", "CLAIMS", "FIRST", "LAST"});
  for (const ServiceStatus& service : status.services) {
    for (const VipStatus& vip : service.vips) {
      for (const RivalStatus& rival : vip.rivals) {
        const std::string vendor = vendor_of(rival.mac);
        table.add({{vip.address, Tone::strong},
                   {service.name.text(), Tone::plain},
                   {rival.mac, Tone::warning},
                   {vendor.empty() ? "-" : vendor, Tone::plain},
                   {rival.kind, Tone::plain},
                   {std::to_string(rival.claims), Tone::plain},
                   {age_text(rival.first_ago) + " ago", Tone::plain},
                   {age_text(rival.last_ago) + " ago", Tone::plain}});
      }
    }
  }
  return table.text(style);
}

}  // namespace hapx::appliance
