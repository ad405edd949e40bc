// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/pem_files.hpp"

#include <cstddef>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "config/io/regular_file.hpp"

namespace hapx::appliance {
namespace {

namespace asio = boost::asio;

constexpr std::size_t file_bytes_max = 256 * std::size_t{1024};

Error refused(const std::string& sentence) {
  return {ErrorKind::refused, sentence, 0};
}

Result<void> want_recent_tls(asio::ssl::context& context) {
  if (::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) == 1) return {};
  return Error{ErrorKind::failed, "OpenSSL offers no TLS 1.2", 0};
}

Result<void> show_key(asio::ssl::context& context, const std::string& cert_file,
                      const std::string& key_file, const std::string& what) {
  boost::system::error_code error;
  // Without it OpenSSL would ask whoever sits at the terminal.
  context.set_password_callback(
      [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); }, error);
  auto key = read_regular_file(key_file, what + " key", file_bytes_max);
  if (!key) return key.error();
  context.use_private_key(asio::buffer(*key), asio::ssl::context::pem, error);
  ::OPENSSL_cleanse(key->data(), key->size());
  const bool is_another =
      error && ERR_GET_LIB(static_cast<unsigned>(error.value())) == ERR_LIB_X509;
  if (error && !is_another)
    return refused(key_file + " has no private key in PEM that needs no password");
  if (is_another || ::SSL_CTX_check_private_key(context.native_handle()) != 1)
    return refused(key_file + " is not the key of " + cert_file);
  return {};
}

}  // namespace

Result<void> trust(asio::ssl::context& context, const std::string& file, const std::string& what) {
  if (auto recent = want_recent_tls(context); !recent) return recent;
  boost::system::error_code error;
  const auto authorities = read_regular_file(file, what, file_bytes_max);
  if (!authorities) return authorities.error();
  context.add_certificate_authority(asio::buffer(*authorities), error);
  if (error) return refused(file + " has something else than certificates in PEM");
  return {};
}

Result<void> show(asio::ssl::context& context, const std::string& cert_file,
                  const std::string& key_file, const std::string& what) {
  if (auto recent = want_recent_tls(context); !recent) return recent;
  boost::system::error_code error;
  const auto certificate = read_regular_file(cert_file, what + " certificate", file_bytes_max);
  if (!certificate) return certificate.error();
  context.use_certificate_chain(asio::buffer(*certificate), error);
  if (error) return refused(cert_file + " has no certificate in PEM");
  return show_key(context, cert_file, key_file, what);
}

FileStamps::FileStamps(std::vector<std::string> files) : files_(std::move(files)), stamps_(now()) {}

bool FileStamps::have_changed() const {
  return now() != stamps_;
}

std::vector<FileStamps::Stamp> FileStamps::now() const {
  std::vector<Stamp> stamps;
  for (const std::string& file : files_) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) == 0) {
      stamps.push_back({facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec});
    } else {
      stamps.emplace_back();
    }
  }
  return stamps;
}

}  // namespace hapx::appliance
