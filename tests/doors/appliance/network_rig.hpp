// SPDX-License-Identifier: Apache-2.0
// A window's door on a real network, its loop, and who comes to it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "appliance/io/network_door.hpp"
#include "config/io/descriptor.hpp"

namespace hapx::appliance {

inline constexpr const char* get_close =
    "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class NetworkDoorTest : public testing::Test {
 protected:
  /// A port of the loopback address that nobody has, kept free by never being listened at.
  void SetUp() override {
    rival_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    ASSERT_EQ(::bind(rival_.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t length = sizeof address;
    ::getsockname(rival_.number(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }

  void open(const IpAddress& address = ipv4(127, 0, 0, 1)) {
    if (!disk_) disk_.emplace(std::move(*DiskThread::begin(context_)));
    MetricsConfig metrics = files_;
    metrics.listen = Endpoint{address, port_};
    NetworkDoorOptions options = door_of(metrics);
    if (api_) {
      api_->listen = *metrics.listen;
      options = door_of(*api_);
    }
    options.retry_interval = options.renewal_interval = std::chrono::milliseconds(20);
    const Window window = options.window;
    door_.emplace(context_, *disk_, options, [this, window](NetworkDoor::News news) {
      if (const auto* request = std::get_if<RequestArrived>(&news)) {
        EXPECT_EQ(request->window, window);
        ++requests_;
        last_request_ = *request;
        door_->respond({request->id, 200, "text/plain", page_, window});
      } else if (const auto* trouble = std::get_if<WindowUnavailable>(&news)) {
        EXPECT_EQ(trouble->window, window);
        troubles_.push_back(trouble->reason);
      } else {
        ++openings_;
      }
    });
  }

  void open_at_once() {
    rival_ = Descriptor();
    open();
    ASSERT_TRUE(turn_until([&] { return openings_ == 1; }));
  }

  /// Turns the loop until `done`, or for 20 s, which is a failure.
  template <class Done>
  [[nodiscard]] bool turn_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      context_.restart();
      context_.run_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  /// On its way: the loop that accepts is turned by this thread.
  [[nodiscard]] Descriptor connect() const {
    Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_in address = loopback(port_);
    const int done =
        ::connect(client.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    EXPECT_TRUE(done == 0 || errno == EINPROGRESS);
    return client;
  }

  void send(const Descriptor& client, const std::string& text) {
    EXPECT_TRUE(turn_until([&] {
      return ::send(client.number(), text.data(), text.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(text.size());
    }));
  }

  /// All that comes until the server closes; nothing when it doesn't.
  std::optional<std::string> read_all(const Descriptor& client) {
    std::string out;
    const bool closed = turn_until([&] {
      char block[4096];
      for (;;) {
        const ssize_t got = ::recv(client.number(), block, sizeof(block), MSG_DONTWAIT);
        if (got > 0) out.append(block, static_cast<std::size_t>(got));
        if (got == 0 || (got < 0 && errno != EAGAIN)) return true;
        if (got < 0) return false;
      }
    });
    return closed ? std::optional(out) : std::nullopt;
  }

  std::string exchange(const std::string& text) {
    const Descriptor client = connect();
    send(client, text);
    std::string reply = read_all(client).value_or("never closed");
    socklen_t length = sizeof error_;
    ::getsockopt(client.number(), SOL_SOCKET, SO_ERROR, &error_, &length);
    return reply;
  }

  boost::asio::io_context context_;
  Descriptor rival_;
  std::uint16_t port_ = 0;
  std::string page_ = "hapx_quorate 1\n";
  int openings_ = 0;
  int requests_ = 0;
  int error_ = 0;  ///< the last exchange's connection ended with it
  std::vector<std::string> troubles_;
  MetricsConfig files_;           ///< that say who may look
  std::optional<ApiConfig> api_;  ///< instead of them
  RequestArrived last_request_;
  std::optional<DiskThread> disk_;
  std::optional<NetworkDoor> door_;
};

}  // namespace hapx::appliance
