// SPDX-License-Identifier: Apache-2.0
#include "lb-supervisor/io/self_probe.hpp"

#include <algorithm>
#include <array>
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

/// The one in service, and one that may take over.
struct SelfProbe::State {
  struct Asked {
    std::uint64_t generation = 0;
    std::unique_ptr<Exchange> exchange;
  };

  Exchange* exchange_with(std::uint64_t generation) {
    auto place = std::find_if(asked.begin(), asked.end(),
                              [&](const Asked& each) { return each.generation == generation; });
    if (place == asked.end() || !place->exchange) {
      const auto address = unix_address(for_generation(socket, generation));
      if (!address) return nullptr;
      place = std::min_element(asked.begin(), asked.end(), [](const Asked& a, const Asked& b) {
        return a.generation < b.generation;
      });
      *place = {generation, std::make_unique<Exchange>(io, *address, patience, answer_bytes_max)};
    }
    return place->exchange.get();
  }

  boost::asio::io_context& io;
  std::string socket;
  Handler handler;
  Duration patience;
  std::array<Asked, 2> asked{};
};

Result<SelfProbe> SelfProbe::open(boost::asio::io_context& io, const std::string& socket,
                                  Handler handler, Duration patience) {
  const auto address = unix_address(socket, haproxy_socket_suffix_bytes);
  if (!address) return address.error();
  return SelfProbe(std::shared_ptr<State>(new State{io, socket, std::move(handler), patience}));
}

SelfProbe::SelfProbe(std::shared_ptr<State> state) : state_(std::move(state)) {}
SelfProbe::SelfProbe(SelfProbe&&) noexcept = default;
SelfProbe& SelfProbe::operator=(SelfProbe&&) noexcept = default;
SelfProbe::~SelfProbe() = default;

void SelfProbe::probe(const ProbeHaproxy& action) {
  auto* exchange = state_->exchange_with(action.generation);
  // Limit: a generation of more than ten digits has no path; that takes centuries.
  if (exchange == nullptr) return;
  exchange->ask(request_text(), Exchange::Until::first_bytes,
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
