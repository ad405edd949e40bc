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

/// Shared with the timer, which may outlive the door by a turn of the loop.
struct MetricsDoor::State : std::enable_shared_from_this<MetricsDoor::State> {
  State(boost::asio::io_context& io_context, MetricsDoorOptions asked, Handler handle)
      : context(io_context),
        options(std::move(asked)),
        handler(std::move(handle)),
        timer(io_context) {}

  boost::asio::io_context& context;
  MetricsDoorOptions options;
  Handler handler;
  boost::asio::steady_timer timer;
  std::optional<HttpServer> server;
  std::string told;  ///< the last reason
  bool closed = false;

  void attempt() {
    auto opened = HttpServer::open(context, metrics_server_options(options.listen),
                                   [this](RequestArrived request) { handler(std::move(request)); },
                                   [this](StreamEnded gone) { handler(gone); });
    if (opened) {
      server.emplace(std::move(*opened));
      handler(MetricsOpened{});
      return;
    }
    std::string reason = in_words(options.listen, opened.error());
    timer.expires_after(options.retry_interval);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->closed) self->attempt();
    });
    if (std::exchange(told, reason) != reason) handler(MetricsUnavailable{std::move(reason)});
  }
};

MetricsDoor::MetricsDoor(boost::asio::io_context& context, MetricsDoorOptions options,
                         Handler handler)
    : state_(std::make_shared<State>(context, std::move(options), std::move(handler))) {
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
