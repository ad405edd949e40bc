// SPDX-License-Identifier: Apache-2.0
// Who may look: over HTTPS, with a certificate, with a password; and what is left to others.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "certificates.hpp"
#include "network_rig.hpp"

namespace hapx::appliance {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// How somebody comes.
struct Visit {
  std::string authorization{};
  std::string certificate{};  ///< files of his own
  std::string key{};
  std::string believes{};  ///< the CA file by which he judges; empty: he takes any
};

class GateDoor : public NetworkDoorTest {
 protected:
  void SetUp() override {
    NetworkDoorTest::SetUp();
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to whom has gone, too
    folder_ = fs::temp_directory_path() / ("hapx-gate-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    ours_ = authority_.issue({"hapx", {ipv4(127, 0, 0, 1)}});
    write("ca.crt", authority_.certificate());
    write("other-ca.crt", stranger_.certificate());
    write("metrics.crt", ours_.certificate);
    write("metrics.key", ours_.key, 0600);
    write("users", "prometheus:s3cret\noncall:another:one\n", 0600);
  }
  void TearDown() override {
    door_.reset();
    fs::remove_all(folder_);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

  void write(const std::string& name, const std::string& text, mode_t mode = 0644) const {
    std::ofstream(path(name + ".new"), std::ios::binary) << text;
    ::chmod(path(name + ".new").c_str(), mode);
    fs::rename(path(name + ".new"), path(name));
  }

  void over_https() {
    files_.cert_file = path("metrics.crt");
    files_.key_file = path("metrics.key");
  }

  /// What he reads, or why he doesn't.
  std::string visit(const Visit& how, bool secured) {
    std::string said;
    std::atomic<bool> is_back = false;
    std::thread visitor([&] {
      said = secured ? over_tls(how) : in_the_clear(how);
      is_back = true;
    });
    EXPECT_TRUE(turn_until([&] { return is_back.load(); }));
    visitor.join();
    return said;
  }

  /// Signed by `authority`, as files.
  Visit with_certificate(test::Authority& authority, const std::string& name) const {
    const test::Certificate own = authority.issue({name});
    write(name + ".crt", own.certificate);
    write(name + ".key", own.key, 0600);
    return {.certificate = path(name + ".crt"), .key = path(name + ".key")};
  }

 private:
  [[nodiscard]] static std::string request(const Visit& how) {
    return "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
           (how.authorization.empty() ? "" : "Authorization: " + how.authorization + "\r\n") +
           "\r\n";
  }

  /// Blocking: for the visitor's thread.
  [[nodiscard]] Descriptor reach() const {
    Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port_);
    const timeval patience{10, 0};
    ::setsockopt(client.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(client.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
      client = Descriptor();
    }
    return client;
  }

  [[nodiscard]] std::string in_the_clear(const Visit& how) const {
    const Descriptor client = reach();
    const std::string words = request(how);
    ::send(client.number(), words.data(), words.size(), MSG_NOSIGNAL);
    std::string out;
    char block[4096];
    for (ssize_t got = 0; (got = ::recv(client.number(), block, sizeof block, 0)) > 0;)
      out.append(block, static_cast<std::size_t>(got));
    return out;
  }

  [[nodiscard]] std::string over_tls(const Visit& how) const {
    const std::unique_ptr<SSL_CTX, decltype(&::SSL_CTX_free)> context(
        ::SSL_CTX_new(::TLS_client_method()), &::SSL_CTX_free);
    if (!how.believes.empty()) {
      ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
      ::SSL_CTX_load_verify_locations(context.get(), how.believes.c_str(), nullptr);
    }
    if (!how.certificate.empty()) {
      ::SSL_CTX_use_certificate_file(context.get(), how.certificate.c_str(), SSL_FILETYPE_PEM);
      ::SSL_CTX_use_PrivateKey_file(context.get(), how.key.c_str(), SSL_FILETYPE_PEM);
    }
    const Descriptor client = reach();
    const std::unique_ptr<SSL, decltype(&::SSL_free)> session(::SSL_new(context.get()),
                                                              &::SSL_free);
    ::SSL_set_fd(session.get(), client.number());
    if (::SSL_connect(session.get()) != 1) return "no handshake";
    const std::string words = request(how);
    ::SSL_write(session.get(), words.data(), static_cast<int>(words.size()));
    std::string out;
    char block[4096];
    for (int got = 0; (got = ::SSL_read(session.get(), block, sizeof block)) > 0;)
      out.append(block, static_cast<std::size_t>(got));
    return out.empty() ? "no answer" : out;
  }

 protected:
  test::Authority authority_{"ours"};
  test::Authority stranger_{"another"};
  test::Certificate ours_;
  fs::path folder_;
};

// printf prometheus:s3cret | base64, and so on
constexpr const char* right_password = "Basic cHJvbWV0aGV1czpzM2NyZXQ=";
constexpr const char* colon_password = "basic b25jYWxsOmFub3RoZXI6b25l";

TEST_F(GateDoor, IsHttpsForWhoBelievesItsCertificate) {
  over_https();
  open_at_once();
  const std::string reply = visit({.believes = path("ca.crt")}, true);
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(reply, EndsWith("hapx_quorate 1\n"));
  EXPECT_EQ(visit({.believes = path("other-ca.crt")}, true), "no handshake");
  EXPECT_THAT(visit({}, false), Not(HasSubstr("hapx_quorate"))) << "nothing in the clear";
  EXPECT_EQ(requests_, 1);
}

TEST_F(GateDoor, WantsACertificateOfItsCa) {
  over_https();
  files_.client_ca_file = path("ca.crt");
  open_at_once();
  EXPECT_THAT(visit(with_certificate(authority_, "prometheus"), true), HasSubstr("200 OK"));
  for (const Visit& other : {Visit{}, with_certificate(stranger_, "mallory")}) {
    EXPECT_THAT(visit(other, true), testing::AnyOf("no handshake", "no answer"));
  }
  EXPECT_EQ(requests_, 1);
}

TEST_F(GateDoor, WantsAPassword) {
  files_.credentials_file = path("users");
  open_at_once();
  EXPECT_THAT(visit({right_password}, false), HasSubstr("200 OK"));
  EXPECT_THAT(visit({colon_password}, false), HasSubstr("200 OK")) << "a scheme is any case";
  const std::string long_token = "Basic " + std::string(6000, 'A');
  for (const char* wrong :
       {"", "Basic", "Basic ", "Basic cHJvbWV0aGV1czpzM2NyZXU=", "Basic cHJvbWV0aGV1czpzM2NyZXQ",
        "Bearer cHJvbWV0aGV1czpzM2NyZXQ=", "cHJvbWV0aGV1czpzM2NyZXQ=", "Basic prometheus:s3cret",
        long_token.c_str()}) {
    const std::string reply = visit({wrong}, false);
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 401 Unauthorized\r\n")) << wrong;
    EXPECT_THAT(reply, HasSubstr("WWW-Authenticate: Basic realm=\"hapx\"\r\n"));
    EXPECT_THAT(reply, Not(HasSubstr("hapx_quorate")));
  }
  EXPECT_EQ(requests_, 2) << "nobody else comes in";
}

TEST_F(GateDoor, TakesWhatIsRenewedAndKeepsWhatWorks) {
  over_https();
  files_.credentials_file = path("users");
  open_at_once();
  EXPECT_THAT(visit({right_password, {}, {}, path("ca.crt")}, true), HasSubstr("200 OK"));
  write("users", "nothing that could be read\n", 0600);
  static_cast<void>(
      turn_until([end = std::chrono::steady_clock::now() + std::chrono::milliseconds(200)] {
        return std::chrono::steady_clock::now() > end;
      }));
  EXPECT_THAT(visit({right_password}, true), HasSubstr("200 OK")) << "the old ones go on";
  write("users", "oncall:another:one\n", 0600);
  ASSERT_TRUE(turn_until([&] {
    return visit({colon_password}, true).find("200") != std::string::npos &&
           visit({right_password}, true).find("401") != std::string::npos;
  }));
  const test::Certificate renewed = stranger_.issue({"hapx", {ipv4(127, 0, 0, 1)}});
  write("metrics.key", renewed.key, 0600);  // for a moment they do not fit
  write("metrics.crt", renewed.certificate);
  ASSERT_TRUE(turn_until([&] {
    return visit({colon_password, {}, {}, path("other-ca.crt")}, true).find("200 OK") !=
           std::string::npos;
  }));
  EXPECT_TRUE(troubles_.empty());
}

TEST_F(GateDoor, SaysWhichFileKeepsItShut) {
  rival_ = Descriptor();
  over_https();
  files_.cert_file = path("absent.crt");
  files_.credentials_file = path("users");
  open();
  ASSERT_TRUE(turn_until([&] { return troubles_.size() == 1; }));
  EXPECT_THAT(troubles_[0], HasSubstr("absent.crt"));
  write("absent.crt", stranger_.issue({"hapx"}).certificate);
  ASSERT_TRUE(turn_until([&] { return troubles_.size() == 2; }));
  EXPECT_EQ(troubles_[1], path("metrics.key") + " is not the key of " + path("absent.crt"));
  write("absent.crt", ours_.certificate);
  write("users", "prometheus:$6$salt$hash\n", 0600);
  ASSERT_TRUE(turn_until([&] { return troubles_.size() >= 3; }));
  EXPECT_THAT(troubles_.back(), HasSubstr("the password of prometheus is hashed"));
  EXPECT_THAT(troubles_.back(), Not(HasSubstr("$6$")));
  write("users", "prometheus:s3cret\n", 0600);
  ASSERT_TRUE(turn_until([&] { return openings_ == 1; })) << "it opens as soon as it can";
}

TEST_F(GateDoor, OfTheApiTellsWhoAsks) {
  api_ = ApiConfig{{}, path("metrics.crt"), path("metrics.key"), path("ca.crt"), {}};
  open_at_once();
  EXPECT_THAT(visit(with_certificate(authority_, "alice"), true), HasSubstr("200 OK"));
  EXPECT_EQ(last_request_.from, "alice");
  EXPECT_GE(last_request_.id, std::uint64_t{1} << 63U) << "the command socket counts from 1";
  for (const std::string& bad : {std::string("evil\x1b[2J"), std::string("a\0b", 3)}) {
    const auto visitor = authority_.issue({bad});
    write("bad.crt", visitor.certificate);
    write("bad.key", visitor.key, 0600);
    EXPECT_THAT(visit({.certificate = path("bad.crt"), .key = path("bad.key")}, true),
                HasSubstr("200 OK"));
    EXPECT_EQ(last_request_.from, "") << "whoever that is, it is nobody whom a file could name";
  }
  EXPECT_EQ(requests_, 3);
  for (const Visit& other : {Visit{}, with_certificate(stranger_, "alice")})
    EXPECT_THAT(visit(other, true), testing::AnyOf("no handshake", "no answer"));
  EXPECT_THAT(visit({}, false), Not(HasSubstr("hapx_quorate"))) << "nothing in the clear";
  EXPECT_EQ(requests_, 3);
}

TEST_F(GateDoor, OfTheApiIsNotOpenedWithoutItsFiles) {
  rival_ = Descriptor();
  api_ = ApiConfig{{}, path("metrics.crt"), path("metrics.key"), path("absent.crt"), {}};
  open();
  ASSERT_TRUE(turn_until([&] { return troubles_.size() == 1; }));
  EXPECT_THAT(troubles_[0], HasSubstr("the CA file of the API's clients"));
  EXPECT_EQ(visit({}, true), "no handshake");
  EXPECT_EQ(openings_, 0);
}

TEST_F(GateDoor, ACallerWhoNeverShakesHandsIsLeft) {
  over_https();
  open_at_once();
  std::vector<Descriptor> silent;
  for (int i = 0; i < 70; ++i) silent.push_back(connect());
  // There is no room for one more until the first ones have had their time.
  ASSERT_TRUE(turn_until([&] { return visit({}, true).find("200 OK") != std::string::npos; }));
}

}  // namespace
}  // namespace hapx::appliance
