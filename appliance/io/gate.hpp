// SPDX-License-Identifier: Apache-2.0
// Who may come in at an address on the network?
//
// Over HTTPS where the file names a certificate; then only who shows a certificate of a CA, if it
// names one, and who names one of the passwords, if there are any (RFC 7617). A password is
// compared as it is: to hash one takes long on purpose, and the loop that renews leases has no time
// for that. Its file is as secret as the cluster's key.
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
#include "config/cluster_config.hpp"
#include "config/result.hpp"

namespace hapx::appliance {

class Gate {
 public:
  /// Reads the files that `metrics` names; an open gate if it names none.
  [[nodiscard]] static Result<std::shared_ptr<Gate>> read(const MetricsConfig& metrics);

  /// Whether other files are at their places now; for a thread that may wait.
  [[nodiscard]] bool has_changed() const { return stamps_.have_changed(); }

  /// Null: over plain HTTP.
  [[nodiscard]] boost::asio::ssl::context* tls() { return tls_ ? &*tls_ : nullptr; }

  /// Whether a request with this field Authorization (empty: without it) may be answered. It takes
  /// as long for a password that is nearly right as for any other.
  [[nodiscard]] bool admits(std::string_view authorization) const;

 private:
  explicit Gate(const MetricsConfig& metrics);
  [[nodiscard]] Result<void> load(const MetricsConfig& metrics);
  [[nodiscard]] Result<void> load_passwords(const std::string& file);

  FileStamps stamps_;  ///< from before they were read
  std::optional<boost::asio::ssl::context> tls_;
  std::vector<std::string> admitted_;  ///< as they come behind "Basic "; empty: any
};

}  // namespace hapx::appliance
