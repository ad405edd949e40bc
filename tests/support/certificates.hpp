// SPDX-License-Identifier: Apache-2.0
// Who signs certificates in a test?
//
// An authority that the test makes: with a key of its own, in memory. What it issues may be for any
// address and any time, also one that is over. All keys are P-256.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "config/net.hpp"

struct evp_pkey_st;
struct x509_st;

namespace hapx::test {

struct CertificatePlan {
  std::string name;
  std::vector<IpAddress> addresses{};
  std::chrono::seconds begins{-24 * 3600};  ///< counted from now
  std::chrono::seconds ends{24 * 3600};
  std::string usages = "serverAuth,clientAuth";
};

/// In PEM.
struct Certificate {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;

  [[nodiscard]] std::string certificate() const;  ///< in PEM
  /// Unless planned otherwise for a server and for a client, as an etcd member has it.
  [[nodiscard]] Certificate issue(const CertificatePlan& plan);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hapx::test
