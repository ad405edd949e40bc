// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/self_probe.hpp"

#include <string_view>
#include <utility>

#include "lb-supervisor/haproxy_config.hpp"
#include "lb-supervisor/io/exchange.hpp"

namespace hapx::lb_supervisor {
namespace {

/// HAProxy's answer is 170 bytes.
constexpr std::size_t answer_bytes_max = 1024;

std::string request_text() {
  return std::string("GET ") + probe_target + " HTTP/1.0\r\n\r\n";
}

/// "HTTP/1.1 200 OK"
bool is_good(std::string_view answer) {
  return answer.substr(0, 7) == "HTTP/1." && answer.substr(8, 5) == " 200 ";
}

}  // namespace

struct SelfProbe::State {
  State(boost::asio::io_context& io, const sockaddr_un& address, Handler to, Duration patience)
      : handler(std::move(to)), exchange(io, address, patience, answer_bytes_max) {}

  Handler handler;
  Exchange exchange;
};

Result<SelfProbe> SelfProbe::open(boost::asio::io_context& io, const std::string& socket,
                                  Handler handler, Duration patience) {
  const auto address = unix_address(socket, haproxy_socket_suffix_bytes);
  if (!address) return address.error();
  return SelfProbe(std::make_shared<State>(io, *address, std::move(handler), patience));
}

SelfProbe::SelfProbe(std::shared_ptr<State> state) : state_(std::move(state)) {}
SelfProbe::SelfProbe(SelfProbe&&) noexcept = default;
SelfProbe& SelfProbe::operator=(SelfProbe&&) noexcept = default;
SelfProbe::~SelfProbe() = default;

void SelfProbe::probe(const ProbeHaproxy& action) {
  state_->exchange.ask(
      request_text(), Exchange::Until::first_bytes,
      [state = std::weak_ptr(state_), action](const Result<std::string>& answer) {
        const auto self = state.lock();
        if (!self) return;
        if (!answer) {
          self->handler(HaproxyProbeFailed{action.generation, answer.error().sentence});
        } else if (is_good(*answer)) {
          self->handler(HaproxyProbed{action.generation});
        } else {
          self->handler(HaproxyProbeFailed{action.generation, "a wrong answer"});
        }
      });
}

}  // namespace hapx::lb_supervisor
