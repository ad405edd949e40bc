// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/metrics_door.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "appliance/io/http_server.hpp"

namespace hapx::appliance {
namespace {

std::string in_words(const Endpoint& listen, const Error& error) {
  const std::string place = to_string(listen);
  switch (error.system_error) {
    case EADDRINUSE:
      return place +
             " is taken by another program; end that, or give spec.metrics.listen another "
             "port";
    case EADDRNOTAVAIL:
      return "this machine has no address " + to_string(listen.address) +
             "; it is waited for, or give spec.metrics.listen another one";
    case EACCES:
      return place +
             " needs rights that hapxd doesn't have; give spec.metrics.listen a port above "
             "1023";
    default:
      return error.sentence;
  }
}

}  // namespace

/// Shared with the timers and the disk, which may outlive the door by a turn of the loop.
struct MetricsDoor::State : std::enable_shared_from_this<MetricsDoor::State> {
  State(boost::asio::io_context& io_context, DiskThread& thread, MetricsDoorOptions asked,
        Handler handle)
      : context(io_context),
        disk(thread),
        options(std::move(asked)),
        handler(std::move(handle)),
        timer(io_context) {}

  boost::asio::io_context& context;
  DiskThread& disk;
  MetricsDoorOptions options;
  Handler handler;
  boost::asio::steady_timer timer;
  std::optional<HttpServer> server;
  std::string told;  ///< the last reason
  bool closed = false;

  [[nodiscard]] bool names_files() const {
    return !options.metrics.cert_file.empty() || !options.metrics.credentials_file.empty();
  }

  void after(Duration pause, void (State::*then)()) {
    timer.expires_after(pause);
    timer.async_wait([self = shared_from_this(), then](const boost::system::error_code& error) {
      if (!error && !self->closed) (*self.*then)();
    });
  }

  void attempt() {
    if (!names_files()) return open(nullptr);
    read_gate(nullptr, [this](const Result<void>& done, std::shared_ptr<Gate> gate) {
      if (done) {
        open(std::move(gate));
      } else {
        fail(done.error().sentence);
      }
    });
  }

  void open(std::shared_ptr<Gate> gate) {
    const Endpoint& listen = *options.metrics.listen;
    auto opened = HttpServer::open(
        context, metrics_server_options(listen, gate),
        [this](RequestArrived request) { handler(std::move(request)); },
        [this](StreamEnded gone) { handler(gone); });
    if (!opened) return fail(in_words(listen, opened.error()));
    server.emplace(std::move(*opened));
    current = std::move(gate);
    if (current) after(options.renewal_interval, &State::renew);
    handler(MetricsOpened{});
  }

  void fail(std::string reason) {
    after(options.retry_interval, &State::attempt);
    if (std::exchange(told, reason) != reason) handler(MetricsUnavailable{std::move(reason)});
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
    const auto read = [gate, before = std::move(before),
                       metrics = options.metrics]() -> Result<void> {
      if (before && !before->has_changed()) return {};
      auto made = Gate::read(metrics);
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

MetricsDoor::MetricsDoor(boost::asio::io_context& context, DiskThread& disk,
                         MetricsDoorOptions options, Handler handler)
    : state_(std::make_shared<State>(context, disk, std::move(options), std::move(handler))) {
  boost::asio::post(context, [state = state_] {
    if (!state->closed) state->attempt();
  });
}

MetricsDoor::~MetricsDoor() {
  close();
}

void MetricsDoor::respond(const Respond& answer) {
  if (state_->server) state_->server->respond(answer);
}

void MetricsDoor::publish(const Publish& action) {
  if (state_->server) state_->server->publish(action);
}

void MetricsDoor::close() {
  state_->closed = true;
  state_->timer.cancel();
  if (state_->server) state_->server->close();
}

}  // namespace hapx::appliance
