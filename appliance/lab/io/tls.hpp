// SPDX-License-Identifier: Apache-2.0
// How do the stand-in, the prober and doctor speak TLS?
//
// Over a non-blocking TCP socket that they own: each call goes as far as it can and says what the
// socket must be waited for. The only file that knows OpenSSL's TLS. The certificate is made
// when the server starts, signed by itself, and the client believes anything: what is measured is
// whether an answer comes, not who gives it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/net.hpp"
#include "config/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace hapx::appliance::lab {

/// What all sessions of one server or one client share.
class TlsContext {
 public:
  /// With a fresh P-256 key and a certificate for this name and address, valid for ten years.
  [[nodiscard]] static Result<TlsContext> server(const std::string& name, const IpAddress& address);
  [[nodiscard]] static Result<TlsContext> client();

 private:
  friend class TlsSession;
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  enum class Side { server, client };

  TlsContext(ssl_ctx_st* context, Side side) : context_(context), side_(side) {}

  std::unique_ptr<ssl_ctx_st, Free> context_;
  Side side_;
};

/// What was read of a certificate; nobody vouches for it.
struct PeerCertificate {
  std::set<IpAddress> named;               ///< of the addresses that were asked about
  std::optional<std::int64_t> hours_left;  ///< negative: it is over
};

enum class Progress {
  done,         ///< what was asked for has happened
  wants_read,   ///< call again when the socket is readable
  wants_write,  ///< call again when the socket is writable
  closed,       ///< the peer said goodbye
  failed,       ///< broken for good
};

/// One connection. The socket stays the caller's and must outlive the session.
class TlsSession {
 public:
  [[nodiscard]] static Result<TlsSession> over(int socket, const TlsContext& context);

  [[nodiscard]] Progress handshake();
  /// Sends all of `text`; after wants_* call again with the same text.
  [[nodiscard]] Progress send(std::string_view text);
  /// Appends what has come to `text`; done: at least one byte.
  [[nodiscard]] Progress receive(std::string& text);
  /// Of the other side; absent: it showed none. After the handshake.
  [[nodiscard]] std::optional<PeerCertificate> peer_certificate(
      const std::vector<IpAddress>& asked) const;
  /// Says goodbye as far as that is possible at once.
  void close();

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };

  explicit TlsSession(ssl_st* session) : session_(session) {}
  [[nodiscard]] Progress progress(int result) const;

  std::unique_ptr<ssl_st, Free> session_;
};

}  // namespace hapx::appliance::lab
