// SPDX-License-Identifier: Apache-2.0
// Who plays the kube-apiserver?
//
// A process of its own that speaks TLS and answers GET /readyz as it is told: 200, 500, or not at
// all; or, in plain TCP, greets each connection and closes it, or says back what it hears.
#pragma once

#include <string>

#include <sys/types.h>

namespace hapx::lb_supervisor {

enum class Answer : int { ok, error, nothing, forbidden };
enum class Speaks { tls, plain_greeting, plain_echo };

/// What a plain stub says.
inline constexpr const char* greeting = "hello\n";

class KubeStub {
 public:
  /// Listens at `address`:6443 before the constructor ends. The address is one of 127/8.
  KubeStub(const std::string& address, Speaks speaks);
  ~KubeStub();
  KubeStub(const KubeStub&) = delete;
  KubeStub& operator=(const KubeStub&) = delete;

  void answer(Answer answer);
  void die();
  void come_back();

  /// The certificate of all TLS stubs, its own authority.
  [[nodiscard]] static const std::string& certificate_pem();

 private:
  std::string address_;
  Speaks speaks_;
  int* told_ = nullptr;  ///< shared with the process
  pid_t pid_ = -1;
};

}  // namespace hapx::lb_supervisor
