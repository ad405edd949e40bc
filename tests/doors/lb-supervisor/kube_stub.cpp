// SPDX-License-Identifier: Apache-2.0
#include "kube_stub.hpp"

#include <atomic>
#include <csignal>
#include <cstring>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hapx::lb_supervisor {
namespace {

struct Identity {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  std::string pem;
};

Identity make_identity() {
  Identity made;
  made.key = EVP_EC_gen("P-256");
  made.certificate = X509_new();
  X509_set_version(made.certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.certificate), 3600);
  X509_set_pubkey(made.certificate, made.key);
  auto* name = X509_get_subject_name(made.certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("kubernetes"), -1, -1, 0);
  X509_set_issuer_name(made.certificate, name);
  auto* is_authority = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "CA:TRUE");
  X509_add_ext(made.certificate, is_authority, -1);
  X509_EXTENSION_free(is_authority);
  X509_sign(made.certificate, made.key, EVP_sha256());
  auto* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, made.certificate);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory, &text);
  made.pem.assign(text, static_cast<std::size_t>(size));
  BIO_free(memory);
  return made;
}

const Identity& identity() {
  static const Identity made = make_identity();
  return made;
}

void talk_tls(SSL_CTX* context, int connection, Answer told) {
  if (told == Answer::nothing) return;  // accepted, never answered; the kernel holds it
  SSL* tls = SSL_new(context);
  SSL_set_fd(tls, connection);
  std::string request;
  if (SSL_accept(tls) == 1) {
    char buffer[512];
    int count = 0;
    while (request.find("\r\n\r\n") == std::string::npos &&
           (count = SSL_read(tls, buffer, sizeof buffer)) > 0) {
      request.append(buffer, static_cast<std::size_t>(count));
    }
    const bool is_good = told == Answer::ok && request.rfind("GET /readyz ", 0) == 0;
    const char* bad = told == Answer::forbidden ? "403 Forbidden" : "500 Internal Server Error";
    const std::string answer = std::string("HTTP/1.1 ") + (is_good ? "200 OK" : bad) +
                               "\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    SSL_write(tls, answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(tls);
  }
  SSL_free(tls);
  ::close(connection);
}

void echo(int connection) {
  char buffer[512];
  ssize_t count = 0;
  while ((count = ::read(connection, buffer, sizeof buffer)) > 0) {
    if (::write(connection, buffer, static_cast<std::size_t>(count)) != count) break;
  }
  ::close(connection);
}

[[noreturn]] void run(int listener, Speaks speaks, const int* told) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(listener, 3);  // and nothing else of the test's, least of all the keeper's lifeline
  ::close_range(4, ~0U, 0);
  listener = 3;
  ::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, identity().certificate);
  SSL_CTX_use_PrivateKey(context, identity().key);
  for (;;) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    if (speaks == Speaks::plain_greeting) {
      [[maybe_unused]] const auto sent = ::write(connection, greeting, std::strlen(greeting));
      ::close(connection);
      continue;
    }
    if (speaks == Speaks::plain_echo) {
      std::thread(echo, connection).detach();
      continue;
    }
    const auto answer = static_cast<Answer>(__atomic_load_n(told, __ATOMIC_SEQ_CST));
    std::thread(talk_tls, context, connection, answer).detach();
  }
}

}  // namespace

KubeStub::KubeStub(const std::string& address, Speaks speaks) : address_(address), speaks_(speaks) {
  (void)identity();  // made before the fork: one for all
  told_ = static_cast<int*>(
      ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  answer(Answer::ok);
  come_back();
}

KubeStub::~KubeStub() {
  die();
  ::munmap(told_, sizeof(int));
}

void KubeStub::answer(Answer answer) {
  __atomic_store_n(told_, static_cast<int>(answer), __ATOMIC_SEQ_CST);
}

void KubeStub::die() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void KubeStub::come_back() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(6443);
  ASSERT_EQ(::inet_pton(AF_INET, address_.c_str(), &at.sin_addr), 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(listener, 1024), 0);
  pid_ = ::fork();
  if (pid_ == 0) run(listener, speaks_, told_);
  ::close(listener);
}

const std::string& KubeStub::certificate_pem() {
  return identity().pem;
}

}  // namespace hapx::lb_supervisor
