// SPDX-License-Identifier: Apache-2.0
// How does a window get an address on the network?
//
// An HttpServer over TCP that may be impossible for a while: another program has the port, or the
// address comes later than we (DHCP). A node that can't be watched still has to serve, so that is
// no failure: it is told as an event, and tried again once a second until it works. An address
// that goes away afterwards does no harm; when it is back, so is the window. So it is with the
// certificate, its key and the passwords; where those are renewed, whoever comes from then on meets
// the new ones, and while what lies there can't be used, the old ones.
//
// Threading: all on the thread of the io_context. Logs nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "appliance/action.hpp"
#include "appliance/event.hpp"
#include "appliance/io/gate.hpp"
#include "config/cluster_config.hpp"
#include "config/io/disk_thread.hpp"
#include "config/net.hpp"
#include "config/time.hpp"

namespace hapx::appliance {

struct NetworkDoorOptions {
  Window window = Window::metrics;
  Endpoint listen;
  std::string key{};  ///< of the file, for the sentences: "spec.metrics.listen"
  GateFiles files{};
  Duration retry_interval = std::chrono::seconds(1);
  Duration renewal_interval = std::chrono::seconds(10);  ///< between two looks at the files
};

/// REQUIRES an address to listen at.
[[nodiscard]] NetworkDoorOptions door_of(const MetricsConfig& metrics);
[[nodiscard]] NetworkDoorOptions door_of(const ApiConfig& api);

class NetworkDoor {
 public:
  using News = std::variant<RequestArrived, StreamEnded, WindowOpened, WindowUnavailable>;
  using Handler = std::function<void(News)>;

  /// Tries for the first time in the loop's next turn. `handler` gets WindowOpened or
  /// WindowUnavailable when that changes (a new reason is a change), and then the requests.
  /// `disk` reads the files; it outlives the door.
  NetworkDoor(boost::asio::io_context& context, DiskThread& disk, NetworkDoorOptions options,
              Handler handler);
  ~NetworkDoor();
  NetworkDoor(const NetworkDoor&) = delete;
  NetworkDoor& operator=(const NetworkDoor&) = delete;

  void respond(const Respond& answer);
  void publish(const Publish& action);
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hapx::appliance
