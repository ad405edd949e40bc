// SPDX-License-Identifier: Apache-2.0
// How do certificates and keys come from files of the operator's into TLS?
//
// In PEM, each file at most 256 KiB. Whoever renews them need not restart anything: FileStamps
// tells by size, time and inode whether other files are at their places now. TLS 1.2 or later,
// whoever speaks.
//
// Blocks as long as the disk does: only for a thread that may wait. No sentence here has a byte of
// a key.
//
// Limit: a key under a password is refused, for nobody is there to be asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "config/result.hpp"

namespace hapx::appliance {

/// Whom the other side's certificate must be signed by. `what` is for the sentences: "etcd's CA
/// file".
[[nodiscard]] Result<void> trust(boost::asio::ssl::context& context, const std::string& file,
                                 const std::string& what);

/// What is shown to the other side. `what`: "etcd's client".
[[nodiscard]] Result<void> show(boost::asio::ssl::context& context, const std::string& cert_file,
                                const std::string& key_file, const std::string& what);

class FileStamps {
 public:
  explicit FileStamps(std::vector<std::string> files);

  [[nodiscard]] bool have_changed() const;

 private:
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  [[nodiscard]] std::vector<Stamp> now() const;

  std::vector<std::string> files_;
  std::vector<Stamp> stamps_;
};

}  // namespace hapx::appliance
