// SPDX-License-Identifier: Apache-2.0
#include "appliance/lab/io/tls.hpp"

#include <array>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace hapx::appliance::lab {
namespace {

constexpr long certificate_seconds = 10L * 365 * 24 * 3600;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { ::X509_free(certificate); }
};
struct FreeExtension {
  void operator()(X509_EXTENSION* extension) const { ::X509_EXTENSION_free(extension); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Error tls_error(const std::string& what) {
  std::array<char, 160> reason{};
  ::ERR_error_string_n(::ERR_get_error(), reason.data(), reason.size());
  return {ErrorKind::failed, what + ": " + reason.data(), 0};
}

/// Valid from yesterday on, for clocks that differ a little.
Certificate sign_certificate(EVP_PKEY* key, const std::string& name, const IpAddress& address) {
  Certificate certificate(::X509_new());
  if (!certificate) return nullptr;
  X509* raw = certificate.get();
  ::X509_set_version(raw, 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(raw), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(raw), -24L * 3600);
  ::X509_gmtime_adj(::X509_getm_notAfter(raw), certificate_seconds);
  ::X509_set_pubkey(raw, key);
  X509_NAME* subject = ::X509_get_subject_name(raw);
  ::X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  ::X509_set_issuer_name(raw, subject);
  const std::string names = "DNS:" + name + ",IP:" + to_string(address);
  const std::unique_ptr<X509_EXTENSION, FreeExtension> also(
      ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
  if (!also || ::X509_add_ext(raw, also.get(), -1) != 1) return nullptr;
  if (::X509_sign(raw, key, ::EVP_sha256()) == 0) return nullptr;
  return certificate;
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  ::SSL_CTX_free(context);
}
void TlsSession::Free::operator()(ssl_st* session) const {
  ::SSL_free(session);
}

Result<TlsContext> TlsContext::server(const std::string& name, const IpAddress& address) {
  TlsContext made(::SSL_CTX_new(::TLS_server_method()), Side::server);
  if (!made.context_) return tls_error("a TLS server");
  const Key key(::EVP_EC_gen("P-256"));
  if (!key) return tls_error("a key");
  const Certificate certificate = sign_certificate(key.get(), name, address);
  if (!certificate) return tls_error("a certificate");
  SSL_CTX* context = made.context_.get();
  if (::SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
      ::SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return tls_error("a TLS server");
  }
  // Nobody comes back to resume a session: no tickets, no cache.
  ::SSL_CTX_set_num_tickets(context, 0);
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return made;
}

Result<TlsContext> TlsContext::client() {
  TlsContext made(::SSL_CTX_new(::TLS_client_method()), Side::client);
  if (!made.context_) return tls_error("a TLS client");
  ::SSL_CTX_set_verify(made.context_.get(), SSL_VERIFY_NONE, nullptr);
  return made;
}

Result<TlsSession> TlsSession::over(int socket, const TlsContext& context) {
  TlsSession made(::SSL_new(context.context_.get()));
  if (!made.session_ || ::SSL_set_fd(made.session_.get(), socket) != 1) {
    return tls_error("a TLS session");
  }
  if (context.side_ == TlsContext::Side::server) {
    ::SSL_set_accept_state(made.session_.get());
  } else {
    ::SSL_set_connect_state(made.session_.get());
  }
  return made;
}

Progress TlsSession::progress(int result) const {
  if (result > 0) return Progress::done;
  switch (::SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Progress::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return Progress::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return Progress::closed;
    default:
      return Progress::failed;
  }
}

Progress TlsSession::handshake() {
  ::ERR_clear_error();
  return progress(::SSL_do_handshake(session_.get()));
}

Progress TlsSession::send(std::string_view text) {
  ::ERR_clear_error();
  // Without SSL_MODE_ENABLE_PARTIAL_WRITE it is all or "again".
  return progress(::SSL_write(session_.get(), text.data(), static_cast<int>(text.size())));
}

Progress TlsSession::receive(std::string& text) {
  std::array<char, 4096> block{};
  ::ERR_clear_error();
  const int count = ::SSL_read(session_.get(), block.data(), static_cast<int>(block.size()));
  if (count > 0) text.append(block.data(), static_cast<std::size_t>(count));
  return progress(count);
}

std::optional<PeerCertificate> TlsSession::peer_certificate(
    const std::vector<IpAddress>& asked) const {
  const Certificate certificate(::SSL_get1_peer_certificate(session_.get()));
  if (!certificate) return std::nullopt;
  PeerCertificate out;
  for (const auto& address : asked) {
    if (::X509_check_ip_asc(certificate.get(), to_string(address).c_str(), 0) == 1) {
      out.named.insert(address);
    }
  }
  int days = 0;
  int seconds = 0;
  if (::ASN1_TIME_diff(&days, &seconds, nullptr, ::X509_get0_notAfter(certificate.get())) == 1) {
    out.hours_left = std::int64_t{days} * 24 + seconds / 3600;
    // What is over by less than an hour is over.
    if (*out.hours_left == 0 && seconds < 0) out.hours_left = -1;
  }
  return out;
}

void TlsSession::close() {
  ::ERR_clear_error();
  static_cast<void>(::SSL_shutdown(session_.get()));
}

}  // namespace hapx::appliance::lab
