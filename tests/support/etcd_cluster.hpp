// SPDX-License-Identifier: Apache-2.0
// How does a test get an etcd?
//
// One member or several, as processes of the test, each at an address of its own, with mutual TLS:
// whoever asks them must show a certificate of the test's authority. Elections take a fifth of a
// second. Their data lies in memory where there is room, for etcd waits for its disk before it
// answers. Everything ends with the EtcdCluster, and with the test's process at the latest.
//
// Addresses of 127/8 need nothing. Others are somebody's in a network namespace: `within` is put
// in front of each member's command, as "ip netns exec NAME" is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "certificates.hpp"
#include "config/cluster_config.hpp"
#include "config/net.hpp"

namespace hapx::test {

/// Whether etcd is installed; without it a test is to be skipped.
[[nodiscard]] bool has_etcd();

struct EtcdMember {
  IpAddress address;
  std::vector<std::string> within{};
};

class EtcdCluster {
 public:
  static constexpr std::uint16_t client_port = 12379;
  static constexpr std::uint16_t peer_port = 12380;

  /// Begins all members and waits until each of them serves clients.
  explicit EtcdCluster(std::vector<EtcdMember> members);
  ~EtcdCluster();
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  /// Whether all of that worked; else what is in the way.
  [[nodiscard]] const std::string& obstacle() const { return obstacle_; }

  /// As an operator writes it: all members, and a client's certificate that lies in this folder.
  [[nodiscard]] EtcdConfig client() const;
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] Authority& authority() { return authority_; }

  /// Has a member show another certificate from now on; etcd reads it for each handshake.
  void certify(std::size_t member, const CertificatePlan& plan);
  void freeze(std::size_t member);
  void thaw(std::size_t member);
  void kill(std::size_t member);
  /// Begins it again with its data, and waits until it serves clients.
  void restart(std::size_t member);
  /// Likewise all of them at once: less than a majority never serves.
  void restart_all();
  /// The last lines that a member has written.
  [[nodiscard]] std::string log_of(std::size_t member) const;

 private:
  void begin(std::size_t member);
  void wait_until_served(std::size_t member);
  [[nodiscard]] std::vector<std::string> command_of(std::size_t member) const;
  [[nodiscard]] std::string path_of(std::size_t member, const std::string& what) const;

  std::vector<EtcdMember> members_;
  Authority authority_{"etcd-ca"};
  std::string folder_;
  std::vector<pid_t> processes_;    ///< 0: none
  std::vector<std::size_t> begun_;  ///< how often each has begun
  std::string obstacle_;
};

/// Writes a file as a whole, so that nobody reads half of it.
void write_whole(const std::string& path, const std::string& text);

}  // namespace hapx::test
