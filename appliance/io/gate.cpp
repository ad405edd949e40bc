// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/gate.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>

#include <boost/system/system_error.hpp>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "config/io/credentials_file.hpp"
#include "config/utf8.hpp"

namespace hapx::appliance {
namespace {

namespace asio = boost::asio;

/// What a client says behind "Basic " who names them (RFC 7617, section 2).
std::string token_of(const StatsUser& user) {
  const std::string words = user.name + ":" + user.secret;
  std::string coded((words.size() + 2) / 3 * 4 + 1, '\0');
  const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                                       reinterpret_cast<const unsigned char*>(words.data()),
                                       static_cast<int>(words.size()));
  coded.resize(static_cast<std::size_t>(length));
  return coded;
}

}  // namespace

Gate::Gate(const GateFiles& files)
    : stamps_({files.cert_file, files.key_file, files.client_ca_file, files.credentials_file}) {}

Result<std::shared_ptr<Gate>> Gate::read(const GateFiles& files) {
  ::ERR_clear_error();
  try {
    std::shared_ptr<Gate> made(new Gate(files));
    if (auto loaded = made->load(files); !loaded) return loaded.error();
    return made;
  } catch (const boost::system::system_error& error) {
    return Error{ErrorKind::failed, "OpenSSL can't begin: " + error.code().message(), 0};
  }
}

Result<void> Gate::load(const GateFiles& files) {
  if (!files.credentials_file.empty()) {
    if (auto loaded = load_passwords(files.credentials_file); !loaded) return loaded;
  }
  if (files.cert_file.empty()) return {};
  tls_.emplace(asio::ssl::context::tls_server);
  // No session is resumed: whose certificate is not wanted any more has to show it again.
  ::SSL_CTX_set_session_cache_mode(tls_->native_handle(), SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_options(tls_->native_handle(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  if (auto shown = show(*tls_, files.cert_file, files.key_file, files.whose); !shown) return shown;
  if (files.client_ca_file.empty()) return {};
  boost::system::error_code error;
  tls_->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, error);
  return trust(*tls_, files.client_ca_file, "the CA file of " + files.whose + " clients");
}

Result<void> Gate::load_passwords(const std::string& file) {
  const auto users = read_credentials_file(file);
  if (!users) return users.error();
  for (const StatsUser& user : *users) {
    if (user.hashed) {
      return Error{ErrorKind::refused,
                   file + ": the password of " + user.name +
                       " is hashed, and checking that would take the time of heartbeats; write it "
                       "as it is, and let nobody else read the file",
                   0};
    }
    admitted_.push_back(token_of(user));
  }
  return {};
}

bool Gate::admits(std::string_view authorization) const {
  if (admitted_.empty()) return true;
  constexpr std::string_view scheme = "basic ";
  const std::string_view said = authorization.substr(0, scheme.size());
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (!std::ranges::equal(said, scheme, {}, lower)) return false;
  const std::string_view token = authorization.substr(scheme.size());
  bool is_known = false;
  for (const std::string& known : admitted_) {
    // Each is compared, and each as a whole: how long it takes tells nothing but lengths.
    is_known |= known.size() == token.size() &&
                ::CRYPTO_memcmp(known.data(), token.data(), known.size()) == 0;
  }
  return is_known;
}

std::string peer_name(ssl_st* connection) {
  constexpr std::size_t name_bytes_max = 64;
  const std::unique_ptr<X509, decltype(&::X509_free)> certificate(
      ::SSL_get1_peer_certificate(connection), &::X509_free);
  if (!certificate) return {};
  const X509_NAME* subject = ::X509_get_subject_name(certificate.get());
  const int at = ::X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  // Of two names one could be read here and the other by whoever signed.
  if (at < 0 || ::X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  const ASN1_STRING* text = ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(subject, at));
  unsigned char* bytes = nullptr;
  const int size = ::ASN1_STRING_to_UTF8(&bytes, text);
  if (size < 0) return {};
  const std::string name(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  ::OPENSSL_free(bytes);
  return name.size() <= name_bytes_max && printable(name) == name ? name : std::string();
}

}  // namespace hapx::appliance
