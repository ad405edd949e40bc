// SPDX-License-Identifier: Apache-2.0
// How does one member of etcd get a question, and give its answer?
//
// By POST over HTTP/1.1 and TLS, on one connection that is kept for the next question. Who begins
// anew is the member's matter (it was restarted, it ends what is idle): then the question is asked
// once more on a fresh connection, without anybody noticing. When our certificate has been renewed
// on disk, so is the connection; while what lies there can't be used, the old one goes on.
//
// A question that is over before it was sent is not sent; the connection that was made for it is
// kept. An answer that comes later than it was wanted is read and dropped, so that the connection
// can be used again; for that it has a second.
//
// Threading: all on the thread of the io_context, which may wait for a disk (EtcdCredentials).
//
// Limit: one connection, and another while an earlier one is ending; 16 KiB of an answer's header,
// 256 KiB of its body.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "config/cluster_config.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

struct EtcdQuestion {
  std::string body;
  std::chrono::steady_clock::time_point deadline;
  bool over = false;  ///< nobody waits for an answer any more
};

struct EtcdReply {
  unsigned status = 0;
  std::string body;
};

class EtcdConnection : public std::enable_shared_from_this<EtcdConnection> {
 public:
  EtcdConnection(boost::asio::io_context& context, const Endpoint& endpoint,
                 const EtcdConfig& config);

  /// Ends what an earlier question still waits for. Returns about a second after the question's
  /// deadline at the latest. An Error's sentence does not name the endpoint.
  [[nodiscard]] boost::asio::awaitable<Result<EtcdReply>> ask(
      std::shared_ptr<const EtcdQuestion> question);

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  /// What the question waits for: "connection", "TLS handshake", "answer".
  [[nodiscard]] const char* awaited() const { return awaited_; }

 private:
  struct Line;
  using LinePointer = std::shared_ptr<Line>;

  [[nodiscard]] boost::asio::awaitable<Result<LinePointer>> connect(
      std::shared_ptr<const EtcdQuestion> question);
  [[nodiscard]] boost::asio::awaitable<Result<EtcdReply>> exchange(
      LinePointer line, std::shared_ptr<const EtcdQuestion> question);
  [[nodiscard]] std::string reason(const boost::system::error_code& error, Line& line);

  boost::asio::io_context& context_;
  Endpoint endpoint_;
  EtcdConfig config_;
  LinePointer idle_;            ///< kept for the next question
  std::weak_ptr<Line> in_use_;  ///< by the last question
  const char* awaited_ = "connection";
};

}  // namespace hapx::appliance
