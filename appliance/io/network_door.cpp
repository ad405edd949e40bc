// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/network_door.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "appliance/io/http_server.hpp"

namespace hapx::appliance {
namespace {

std::string in_words(const NetworkDoorOptions& options, const Error& error) {
  const std::string place = to_string(options.listen);
  switch (error.system_error) {
    case EADDRINUSE:
      return place + " is taken by another program; end that, or give " + options.key +
             " another port";
    case EADDRNOTAVAIL:
      return "this machine has no address " + to_string(options.listen.address) +
             "; it is waited for, or give " + options.key + " another one";
    case EACCES:
      return place + " needs rights that hapxd doesn't have; give " + options.key +
             " a port above 1023";
    default:
      return error.sentence;
  }
}

}  // namespace

/// Shared with the timers and the disk, which may outlive the door by a turn of the loop.
struct NetworkDoor::State : std::enable_shared_from_this<NetworkDoor::State> {
  State(boost::asio::io_context& io_context, DiskThread& thread, NetworkDoorOptions asked,
        Handler handle)
      : context(io_context),
        disk(thread),
        options(std::move(asked)),
        handler(std::move(handle)),
        timer(io_context) {}

  boost::asio::io_context& context;
  DiskThread& disk;
  NetworkDoorOptions options;
  Handler handler;
  boost::asio::steady_timer timer;
  std::optional<HttpServer> server;
  std::string told;  ///< the last reason
  bool closed = false;

  void after(Duration pause, void (State::*then)()) {
    timer.expires_after(pause);
    timer.async_wait([self = shared_from_this(), then](const boost::system::error_code& error) {
      if (!error && !self->closed) (*self.*then)();
    });
  }

  void attempt() {
    if (options.files.empty()) return open(nullptr);
    read_gate(nullptr, [this](const Result<void>& done, std::shared_ptr<Gate> gate) {
      if (done) {
        open(std::move(gate));
      } else {
        fail(done.error().sentence);
      }
    });
  }

  void open(std::shared_ptr<Gate> gate) {
    auto opened = HttpServer::open(
        context, network_server_options(options.window, options.listen, gate),
        [this](RequestArrived request) { handler(std::move(request)); },
        [this](StreamEnded gone) { handler(gone); });
    if (!opened) return fail(in_words(options, opened.error()));
    server.emplace(std::move(*opened));
    current = std::move(gate);
    if (current) after(options.renewal_interval, &State::renew);
    handler(WindowOpened{options.window});
  }

  void fail(std::string reason) {
    after(options.retry_interval, &State::attempt);
    if (std::exchange(told, reason) != reason)
      handler(WindowUnavailable{std::move(reason), options.window});
  }

  void renew() {
    read_gate(current, [this](const Result<void>& done, std::shared_ptr<Gate> gate) {
      if (done && gate) {
        current = gate;
        server->set_gate(std::move(gate));
      }
      after(options.renewal_interval, &State::renew);
    });
  }

  /// Of the files as they are now; none if they are as `before` has read them.
  template <class Then>
  void read_gate(std::shared_ptr<Gate> before, Then then) {
    auto gate = std::make_shared<std::shared_ptr<Gate>>();
    const auto read = [gate, before = std::move(before), files = options.files]() -> Result<void> {
      if (before && !before->has_changed()) return {};
      auto made = Gate::read(files);
      if (!made) return made.error();
      *gate = std::move(*made);
      return {};
    };
    disk.run(read, [self = shared_from_this(), gate, then](const Result<void>& done) {
      if (!self->closed) then(done, std::move(*gate));
    });
  }

  std::shared_ptr<Gate> current;  ///< null: nothing is named
};

NetworkDoorOptions door_of(const MetricsConfig& metrics) {
  return {Window::metrics,
          *metrics.listen,
          "spec.metrics.listen",
          {"the metrics'", metrics.cert_file, metrics.key_file, metrics.client_ca_file,
           metrics.credentials_file}};
}

NetworkDoorOptions door_of(const ApiConfig& api) {
  return {Window::command,
          api.listen,
          "spec.api.listen",
          {"the API's", api.cert_file, api.key_file, api.client_ca_file, {}}};
}

NetworkDoor::NetworkDoor(boost::asio::io_context& context, DiskThread& disk,
                         NetworkDoorOptions options, Handler handler)
    : state_(std::make_shared<State>(context, disk, std::move(options), std::move(handler))) {
  boost::asio::post(context, [state = state_] {
    if (!state->closed) state->attempt();
  });
}

NetworkDoor::~NetworkDoor() {
  close();
}

void NetworkDoor::respond(const Respond& answer) {
  if (state_->server) state_->server->respond(answer);
}

void NetworkDoor::publish(const Publish& action) {
  if (state_->server) state_->server->publish(action);
}

void NetworkDoor::close() {
  state_->closed = true;
  state_->timer.cancel();
  if (state_->server) state_->server->close();
}

}  // namespace hapx::appliance
