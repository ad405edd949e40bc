// SPDX-License-Identifier: Apache-2.0
// Who may come in at an address on the network?
//
// Over HTTPS where the file names a certificate; then only who shows a certificate of a CA, if it
// names one, and who names one of the passwords, if there are any (RFC 7617). A password is
// compared as it is: to hash one takes long on purpose, and the loop that renews leases has no time
// for that. Its file is one that not everybody can read.
//
// Reading blocks as long as the disk does: only for a thread that may wait. All else is for the
// loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "appliance/io/pem_files.hpp"
#include "config/result.hpp"

struct ssl_st;

namespace hapx::appliance {

/// What it is made of; what is empty is not asked for.
struct GateFiles {
  std::string whose{};  ///< for the sentences: "the metrics'"
  std::string cert_file{};
  std::string key_file{};
  std::string client_ca_file{};
  std::string credentials_file{};

  [[nodiscard]] bool empty() const { return cert_file.empty() && credentials_file.empty(); }
};

class Gate {
 public:
  /// Reads the files; an open gate if there are none.
  [[nodiscard]] static Result<std::shared_ptr<Gate>> read(const GateFiles& files);

  /// Whether other files are at their places now; for a thread that may wait.
  [[nodiscard]] bool has_changed() const { return stamps_.have_changed(); }

  /// Null: over plain HTTP.
  [[nodiscard]] boost::asio::ssl::context* tls() { return tls_ ? &*tls_ : nullptr; }

  /// Whether a request with this field Authorization (empty: without it) may be answered. It takes
  /// as long for a password that is nearly right as for any other.
  [[nodiscard]] bool admits(std::string_view authorization) const;

 private:
  explicit Gate(const GateFiles& files);
  [[nodiscard]] Result<void> load(const GateFiles& files);
  [[nodiscard]] Result<void> load_passwords(const std::string& file);

  FileStamps stamps_;  ///< from before they were read
  std::optional<boost::asio::ssl::context> tls_;
  std::vector<std::string> admitted_;  ///< as they come behind "Basic "; empty: any
};

/// The common name of the certificate that it has shown, and that was approved; empty if it has
/// shown none, if the certificate has no such name or several, or one that is not printable text
/// of at most 64 bytes (RFC 5280, ub-common-name).
[[nodiscard]] std::string peer_name(ssl_st* connection);

}  // namespace hapx::appliance
