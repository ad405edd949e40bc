// SPDX-License-Identifier: Apache-2.0
#include "appliance/doctor/io/apiservers.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <future>
#include <memory>
#include <utility>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "appliance/doctor/texts.hpp"
#include "appliance/lab/io/tls.hpp"
#include "config/io/clock.hpp"
#include "config/io/descriptor.hpp"
#include "config/write.hpp"

namespace hapx::appliance::doctor {
namespace {

constexpr Duration patience = std::chrono::seconds(3);
constexpr auto look_interval = std::chrono::milliseconds(100);

/// False: the time is over.
bool wait_for(int socket, short events, Instant until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - boot_now()).count();
  pollfd one{socket, events, 0};
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) == 1;
}

Result<Descriptor> connect_to(const addrinfo& to, Instant until) {
  Descriptor socket(::socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return system_error(errno, "no socket");
  if (::connect(socket.number(), to.ai_addr, to.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return system_error(errno, "no connection");
  if (!wait_for(socket.number(), POLLOUT, until)) {
    return Error{ErrorKind::unavailable, "no answer within 3 s"};
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return system_error(error, "no connection");
  return socket;
}

Result<Descriptor> connect_by_name(const ApiServer& server, Instant until) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(server.port);
  const int status = ::getaddrinfo(server.host.c_str(), port.c_str(), &wanted, &found);
  if (status != 0) {
    return Error{ErrorKind::absent,
                 "its name has no address: " + std::string(gai_strerror(status))};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  Result<Descriptor> outcome = Error{ErrorKind::absent, "its name has no address"};
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    outcome = connect_to(*each, until);
    if (outcome) break;
  }
  return outcome;
}

/// Empty: hands were shaken.
std::string shake_hands(lab::TlsSession& session, int socket, Instant until) {
  for (;;) {
    switch (session.handshake()) {
      case lab::Progress::done:
        return "";
      case lab::Progress::wants_read:
        if (!wait_for(socket, POLLIN, until)) return "no TLS answer within 3 s";
        break;
      case lab::Progress::wants_write:
        if (!wait_for(socket, POLLOUT, until)) return "no TLS answer within 3 s";
        break;
      case lab::Progress::closed:
      case lab::Progress::failed:
        return "the TLS handshake failed";
    }
  }
}

ApiServerHere ask(const ApiServer& server, const std::vector<IpAddress>& vips) {
  ApiServerHere out{write_api_server(server)};
  const Instant until = boot_now() + patience;
  auto socket = connect_by_name(server, until);
  if (!socket) {
    out.trouble = socket.error().sentence;
    return out;
  }
  const auto context = lab::TlsContext::client();
  if (!context) {
    out.trouble = context.error().sentence;
    return out;
  }
  auto session = lab::TlsSession::over(socket->number(), *context);
  out.trouble = session ? shake_hands(*session, socket->number(), until) : session.error().sentence;
  if (!out.trouble.empty()) return out;
  out.speaks_tls = true;
  if (const auto certificate = session->peer_certificate(vips)) {
    out.certified = certificate->named;
    out.certificate_hours_left = certificate->hours_left;
  }
  session->close();
  return out;
}

}  // namespace

std::vector<ApiServerHere> ask_api_servers(const ClusterConfig& config,
                                           const std::function<void()>& waiting) {
  std::vector<IpAddress> vips;
  std::vector<ApiServer> servers;
  for (const auto& service : config.services) {
    for (const auto& vip : service.vips) vips.push_back(vip.address.address);
    for (const auto& server : service.api_servers) {
      if (std::ranges::find(servers, server) == servers.end()) servers.push_back(server);
    }
  }
  std::vector<std::future<ApiServerHere>> asked;
  std::vector<ApiServerHere> out;
  try {
    for (const auto& server : servers) {
      asked.push_back(std::async(std::launch::async, ask, std::cref(server), std::cref(vips)));
    }
    for (auto& one : asked) {
      while (one.wait_for(look_interval) == std::future_status::timeout) waiting();
      out.push_back(one.get());
    }
  } catch (const std::exception& trouble) {  // no thread to be had
    for (std::size_t i = out.size(); i < servers.size(); ++i) {
      out.push_back(
          {write_api_server(servers[i]), std::string("could not be asked: ") + trouble.what()});
    }
  }
  return out;
}

}  // namespace hapx::appliance::doctor
