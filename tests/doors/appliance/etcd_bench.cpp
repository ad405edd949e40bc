// SPDX-License-Identifier: Apache-2.0
#include "etcd_bench.hpp"

#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>

namespace hapx::appliance::test {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
  void operator()(SSL* session) const { ::SSL_free(session); }
  void operator()(BIO* memory) const { ::BIO_free(memory); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
};
template <class Thing>
using Owned = std::unique_ptr<Thing, Free>;

Owned<BIO> memory_of(const std::string& text) {
  return Owned<BIO>(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

void say(SSL* session, const std::string& words) {
  ::signal(SIGPIPE, SIG_IGN);
  if (::SSL_accept(session) != 1) return;
  std::string heard;
  std::array<char, 4096> block{};
  while (heard.find("\r\n\r\n") == std::string::npos) {
    const int count = ::SSL_read(session, block.data(), static_cast<int>(block.size()));
    if (count <= 0) return;
    heard.append(block.data(), static_cast<std::size_t>(count));
  }
  if (words.empty()) return;
  (void)::SSL_write(session, words.data(), static_cast<int>(words.size()));
  (void)::SSL_shutdown(session);
}

}  // namespace

Impostor::Impostor(std::function<void(int)> serve)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(listener_.number(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  EXPECT_EQ(::listen(listener_.number(), 8), 0);
  socklen_t length = sizeof at;
  ::getsockname(listener_.number(), reinterpret_cast<sockaddr*>(&at), &length);
  endpoint_ = {ipv4(127, 0, 0, 1), ::ntohs(at.sin_port)};
  thread_ = std::thread([this, serve = std::move(serve)] {
    for (;;) {
      const Descriptor guest(::accept(listener_.number(), nullptr, nullptr));
      if (!guest.is_open()) return;
      serve(guest.number());
    }
  });
}

Impostor::~Impostor() {
  ::shutdown(listener_.number(), SHUT_RDWR);
  thread_.join();
}

void Impostor::hang(int guest) {
  std::array<char, 4096> ignored{};
  while (::recv(guest, ignored.data(), ignored.size(), 0) > 0) {
  }
}

std::function<void(int)> Impostor::saying(const hapx::test::Certificate& shown, std::string words) {
  return [shown, words = std::move(words)](int guest) {
    const Owned<SSL_CTX> context(::SSL_CTX_new(::TLS_server_method()));
    const auto certificate_text = memory_of(shown.certificate);
    const auto key_text = memory_of(shown.key);
    const Owned<X509> certificate(
        ::PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
    const Owned<EVP_PKEY> key(::PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    ::SSL_CTX_use_certificate(context.get(), certificate.get());
    ::SSL_CTX_use_PrivateKey(context.get(), key.get());
    const Owned<SSL> session(::SSL_new(context.get()));
    ::SSL_set_fd(session.get(), guest);
    say(session.get(), words);
  };
}

}  // namespace hapx::appliance::test
