// SPDX-License-Identifier: Apache-2.0
// What do we show etcd, and whom do we believe to be etcd?
//
// The operator names three files: who vouches for etcd's members, our certificate, and its key.
// They are read for one connection at a time (appliance/io/pem_files.hpp), so that whoever renews
// them need not restart anything. A member is believed that shows a certificate of that CA for the
// very address that was asked.
//
// Blocks as long as the disk does: only for a thread that may wait. The only file of this door that
// knows OpenSSL.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "appliance/io/pem_files.hpp"
#include "config/cluster_config.hpp"
#include "config/net.hpp"
#include "config/result.hpp"

struct ssl_st;

namespace hapx::appliance {

class EtcdCredentials {
 public:
  /// Reads the files.
  [[nodiscard]] static Result<std::shared_ptr<EtcdCredentials>> read(const EtcdConfig& config);

  /// Whether other files are at their places now.
  [[nodiscard]] bool have_changed() const { return stamps_.have_changed(); }

  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }

  /// Makes `session`, before its handshake, believe `address` alone.
  static void expect(ssl_st* session, const IpAddress& address);

  /// Why a handshake with `address`, or the first exchange after it, has failed: the peer's alert
  /// about our certificate may come as late as that (TLS 1.3).
  [[nodiscard]] std::string reason(const boost::system::error_code& error, const ssl_st* session,
                                   const IpAddress& address);

 private:
  explicit EtcdCredentials(const EtcdConfig& config);
  [[nodiscard]] Result<void> load();
  [[nodiscard]] std::string refused_by_peer();

  std::string ca_file_;
  std::string cert_file_;
  std::string key_file_;
  FileStamps stamps_;  ///< from before they were read
  boost::asio::ssl::context context_;
};

}  // namespace hapx::appliance
