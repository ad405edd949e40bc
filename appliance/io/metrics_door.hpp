// SPDX-License-Identifier: Apache-2.0
// How do the metrics get an address to be read at?
//
// An HttpServer over TCP that may be impossible for a while: another program has the port, or the
// address comes later than we (DHCP). A node that can't be watched still has to serve, so that is
// no failure: it is told as an event, and tried again once a second until it works. An address
// that goes away afterwards does no harm; when it is back, so are the metrics. So it is with the
// certificate, its key and the passwords; where those are renewed, whoever comes from then on meets
// the new ones, and while what lies there can't be used, the old ones.
//
// Threading: all on the thread of the io_context. Logs nothing.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "config/cluster_config.hpp"
#include "config/io/disk_thread.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

struct MetricsDoorOptions {
  MetricsConfig metrics;  ///< with an address to listen at
  Duration retry_interval = std::chrono::seconds(1);
  Duration renewal_interval = std::chrono::seconds(10);  ///< between two looks at the files
};

class MetricsDoor {
 public:
  using News = std::variant<RequestArrived, StreamEnded, MetricsOpened, MetricsUnavailable>;
  using Handler = std::function<void(News)>;

  /// Tries for the first time in the loop's next turn. `handler` gets MetricsOpened or
  /// MetricsUnavailable when that changes (a new reason is a change), and then the requests.
  /// `disk` reads the files; it outlives the door.
  MetricsDoor(boost::asio::io_context& context, DiskThread& disk, MetricsDoorOptions options,
              Handler handler);
  ~MetricsDoor();
  MetricsDoor(const MetricsDoor&) = delete;
  MetricsDoor& operator=(const MetricsDoor&) = delete;

  void respond(const Respond& answer);
  void publish(const Publish& action);
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hapx::appliance
