// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/etcd_credentials.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/system/system_error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace hapx::appliance {
namespace {

namespace asio = boost::asio;

/// Whether the other side says in an alert that our certificate is not to its liking.
bool is_about_our_certificate(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

/// What is wrong with the certificate that the other side has shown.
std::string fault_of(long verdict, const std::string& ca_file, const IpAddress& address) {
  switch (verdict) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "its certificate is not signed by " + ca_file;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet";
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is not for " + to_string(address);
    default:
      return std::string("its certificate is not accepted: ") +
             ::X509_verify_cert_error_string(verdict);
  }
}

}  // namespace

EtcdCredentials::EtcdCredentials(const EtcdConfig& config)
    : ca_file_(config.ca_file),
      cert_file_(config.cert_file),
      key_file_(config.key_file),
      stamps_({config.ca_file, config.cert_file, config.key_file}),
      context_(asio::ssl::context::tls_client) {}

Result<std::shared_ptr<EtcdCredentials>> EtcdCredentials::read(const EtcdConfig& config) {
  ::ERR_clear_error();
  try {
    std::shared_ptr<EtcdCredentials> made(new EtcdCredentials(config));
    if (auto loaded = made->load(); !loaded) return loaded.error();
    return made;
  } catch (const boost::system::system_error& error) {
    return Error{ErrorKind::failed, "OpenSSL can't begin: " + error.code().message(), 0};
  }
}

Result<void> EtcdCredentials::load() {
  boost::system::error_code error;
  context_.set_verify_mode(asio::ssl::verify_peer, error);
  if (auto trusted = trust(context_, ca_file_, "etcd's CA file"); !trusted) return trusted;
  return show(context_, cert_file_, key_file_, "etcd's client");
}

void EtcdCredentials::expect(ssl_st* session, const IpAddress& address) {
  ::X509_VERIFY_PARAM_set1_ip(::SSL_get0_param(session), address.bytes.data(),
                              byte_count(address.family));
}

std::string EtcdCredentials::refused_by_peer() {
  const std::string start = "it does not accept " + cert_file_;
  const X509* ours = ::SSL_CTX_get0_certificate(context_.native_handle());
  const bool has_expired =
      ours != nullptr && ::X509_cmp_current_time(::X509_get0_notAfter(ours)) < 0;
  return start + (has_expired ? ", which has expired" : "; is that signed by the CA it trusts?");
}

std::string EtcdCredentials::reason(const boost::system::error_code& error, const ssl_st* session,
                                    const IpAddress& address) {
  const long verdict = ::SSL_get_verify_result(session);
  if (verdict != X509_V_OK) return fault_of(verdict, ca_file_, address);
  if (error.category() == asio::error::get_ssl_category()) {
    const auto code = static_cast<unsigned>(error.value());
    if (is_about_our_certificate(ERR_GET_REASON(code))) return refused_by_peer();
    const char* words = ::ERR_reason_error_string(code);
    return std::string("TLS fails: ") + (words == nullptr ? "for an unknown reason" : words);
  }
  return "it ends the connection; does it accept " + cert_file_ + "?";
}

}  // namespace hapx::appliance
