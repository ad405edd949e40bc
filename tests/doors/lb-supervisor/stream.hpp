// SPDX-License-Identifier: Apache-2.0
// What becomes of a connection that stays?
#pragma once

#include <cerrno>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "config/io/descriptor.hpp"

namespace hapx::lb_supervisor {

/// A connection that stays, as a watch does.
class Stream {
 public:
  explicit Stream(const std::string& address)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(6443);
    ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    EXPECT_EQ(::connect(socket_.number(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  /// Says something, and hears it back. REQUIRES: an echo at the other end.
  [[nodiscard]] bool lives() const {
    char byte = 'x';
    return ::send(socket_.number(), &byte, 1, MSG_NOSIGNAL) == 1 &&
           ::recv(socket_.number(), &byte, 1, 0) == 1;
  }

  /// Without a word: the other end has not ended it.
  [[nodiscard]] bool stands() const {
    char byte = 0;
    return ::recv(socket_.number(), &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }

 private:
  Descriptor socket_;
};

}  // namespace hapx::lb_supervisor
