// SPDX-License-Identifier: Apache-2.0
// What do we show etcd, and whom do we believe to be etcd?
//
// The operator names three files: who vouches for etcd's members, our certificate, and its key.
// They are read for one connection at a time, so that whoever renews them need not restart
// anything; whether they have changed since is seen by their size, time and inode. A member is
// believed that shows a certificate of that CA for the very address that was asked, over TLS 1.2 or
// later.
//
// Blocks as long as the disk does: only for a thread that may wait. No sentence here has a byte of
// a key. The only file of this door that knows OpenSSL.
//
// Limit: 256 KiB per file; a key under a password is refused, for nobody is there to be asked.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

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
  [[nodiscard]] bool have_changed() const;

  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }

  /// Makes `session`, before its handshake, believe `address` alone.
  static void expect(ssl_st* session, const IpAddress& address);

  /// Why a handshake with `address`, or the first exchange after it, has failed: the peer's alert
  /// about our certificate may come as late as that (TLS 1.3).
  [[nodiscard]] std::string reason(const boost::system::error_code& error, const ssl_st* session,
                                   const IpAddress& address);

 private:
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  using Stamps = std::array<Stamp, 3>;

  explicit EtcdCredentials(const EtcdConfig& config);
  [[nodiscard]] static Stamps stamps_of(const EtcdConfig& config);
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> load_key();
  [[nodiscard]] std::string refused_by_peer();

  std::string ca_file_;
  std::string cert_file_;
  std::string key_file_;
  Stamps stamps_;  ///< from before they were read
  boost::asio::ssl::context context_;
};

}  // namespace hapx::appliance
