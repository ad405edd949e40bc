// SPDX-License-Identifier: Apache-2.0
// Who is not believed, who doesn't believe us, and what is said about that.
#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "appliance/io/etcd_door.hpp"
#include "etcd_bench.hpp"
#include "etcd_cluster.hpp"

namespace hapx::appliance {
namespace {

namespace fs = std::filesystem;
using namespace test;
using hapx::test::Authority;
using hapx::test::Certificate;
using hapx::test::EtcdCluster;
using hapx::test::EtcdMember;
using hapx::test::write_whole;
using std::chrono::hours;

class EtcdRefusalTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!hapx::test::has_etcd()) GTEST_SKIP() << "needs etcd (etcd-server)";
    etcd_.emplace(std::vector<EtcdMember>{{ipv4(127, 0, 79, 1)}});
    ASSERT_EQ(etcd_->obstacle(), "");
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return etcd_->folder() + "/" + name;
  }
  /// Puts another certificate of ours in place of the present one.
  void renew(const Certificate& ours) const {
    write_whole(path("client.key"), ours.key);
    write_whole(path("client.crt"), ours.certificate);
  }
  /// What is said of the member by a door that has just been opened.
  [[nodiscard]] std::string reason() const { return reason_of(etcd_->client()); }
  static std::string reason_of(const EtcdConfig& config) {
    const std::string start = "etcd gives no answer: 127.0.79.1:12379: ";
    const std::string sentence = Asker(config).ask_in_vain();
    EXPECT_TRUE(sentence.starts_with(start)) << sentence;
    return sentence.substr(std::min(start.size(), sentence.size()));
  }

  std::optional<EtcdCluster> etcd_;
  Authority stranger_{"another-ca"};
};

TEST_F(EtcdRefusalTest, a_member_of_another_authority_is_not_believed) {
  write_whole(path("ca.crt"), stranger_.certificate());
  EXPECT_EQ(reason(), "its certificate is not signed by " + path("ca.crt"));
}

TEST_F(EtcdRefusalTest, a_member_with_the_certificate_of_another_address_is_not_believed) {
  etcd_->certify(0, {.name = "etcd0", .addresses = {ipv4(127, 0, 79, 2)}});
  EXPECT_EQ(reason(), "its certificate is not for 127.0.79.1");
}

TEST_F(EtcdRefusalTest, a_member_whose_certificate_has_expired_is_not_believed) {
  etcd_->certify(0, {.name = "etcd0", .addresses = {ipv4(127, 0, 79, 1)}, .ends = hours(-1)});
  EXPECT_EQ(reason(), "its certificate has expired");
  etcd_->certify(0, {.name = "etcd0", .addresses = {ipv4(127, 0, 79, 1)}, .begins = hours(1)});
  EXPECT_EQ(reason(), "its certificate is not valid yet");
}

/// etcd's gateway asks etcd itself, with the member's certificate.
TEST_F(EtcdRefusalTest, a_gateway_that_etcd_does_not_let_in_is_told) {
  etcd_->certify(0, {.name = "etcd0", .addresses = {ipv4(127, 0, 79, 1)}, .usages = "serverAuth"});
  etcd_->restart(0);
  ASSERT_EQ(etcd_->obstacle(), "");
  const auto sentence = reason();
  EXPECT_TRUE(has(sentence, "etcd says: ")) << sentence;
  EXPECT_TRUE(has(sentence, "clientAuth")) << sentence;
}

TEST_F(EtcdRefusalTest, our_certificate_of_another_authority_is_not_accepted) {
  renew(stranger_.issue({.name = "hapx"}));
  EXPECT_EQ(reason(),
            "it does not accept " + path("client.crt") + "; is that signed by the CA it trusts?");
}

TEST_F(EtcdRefusalTest, our_certificate_that_has_expired_is_not_accepted) {
  renew(etcd_->authority().issue({.name = "hapx", .ends = hours(-1)}));
  EXPECT_EQ(reason(), "it does not accept " + path("client.crt") + ", which has expired");
}

TEST_F(EtcdRefusalTest, a_renewed_certificate_is_taken_without_a_restart) {
  renew(etcd_->authority().issue({.name = "hapx", .ends = hours(-1)}));
  Asker node(etcd_->client());
  EXPECT_TRUE(has(node.ask_in_vain(), "which has expired"));
  renew(etcd_->authority().issue({.name = "hapx"}));
  EXPECT_TRUE(node.ask().swapped);
  // A connection that is kept is renewed, too: else nobody would notice this one.
  renew(stranger_.issue({.name = "hapx"}));
  EXPECT_TRUE(has(node.ask_in_vain(), "it does not accept " + path("client.crt")));
  renew(etcd_->authority().issue({.name = "hapx"}));
  EXPECT_TRUE(node.ask().swapped);
}

TEST_F(EtcdRefusalTest, while_the_new_files_are_no_good_the_connection_goes_on) {
  Asker node(etcd_->client());
  EXPECT_TRUE(node.ask().swapped);
  fs::remove(path("client.key"));
  EXPECT_TRUE(node.ask().swapped);
  write_whole(path("client.key"), "half a k");
  EXPECT_TRUE(node.ask().swapped);
  etcd_->restart(0);
  EXPECT_TRUE(has(node.ask_in_vain(), path("client.key") + " has no private key in PEM"));
}

TEST_F(EtcdRefusalTest, files_that_cannot_be_used_are_named) {
  const auto with = [&](const std::string& name, const std::string& text) {
    write_whole(path("odd"), text);
    auto config = etcd_->client();
    (name == "ca"    ? config.ca_file
     : name == "crt" ? config.cert_file
                     : config.key_file) = path("odd");
    return reason_of(config);
  };
  const Certificate other = etcd_->authority().issue({.name = "other"});
  EXPECT_EQ(with("ca", "nothing"), path("odd") + " has something else than certificates in PEM");
  EXPECT_EQ(with("ca", ""), path("odd") + " has something else than certificates in PEM");
  EXPECT_EQ(with("crt", other.key), path("odd") + " has no certificate in PEM");
  EXPECT_EQ(with("key", other.certificate),
            path("odd") + " has no private key in PEM that needs no password");
  EXPECT_EQ(with("key", other.key), path("odd") + " is not the key of " + path("client.crt"));
  EXPECT_EQ(with("key", std::string(256 * 1024 + 1, 'x')),
            "etcd's client key " + path("odd") + " is larger than 262144 bytes; name another");
  for (const char* name : {"ca.crt", "client.crt", "client.key"}) {
    fs::rename(path(name), path("away"));
    const auto sentence = reason();
    EXPECT_TRUE(has(sentence, path(name) + ": No such file or directory")) << sentence;
    fs::create_directory(path(name));
    EXPECT_TRUE(has(reason(), path(name) + " is not a regular file")) << reason();
    fs::remove(path(name));
    fs::rename(path("away"), path(name));
  }
  EXPECT_TRUE(Asker(etcd_->client()).ask().swapped);
}

TEST_F(EtcdRefusalTest, a_key_under_a_password_is_refused_and_nobody_is_asked_for_it) {
  const std::string in = path("client.key");
  const std::string command = "openssl pkey -in " + in + " -aes256 -passout pass:secret -out " +
                              path("locked") + " && mv " + path("locked") + " " + in;
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "needs openssl";
  EXPECT_EQ(reason(), in + " has no private key in PEM that needs no password");
}

TEST_F(EtcdRefusalTest, without_descriptors_it_says_so_and_goes_on_later) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer itself opens a pipe to look at what is thrown";
#endif
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto allow = [&](rlim_t count) {
    const rlimit few{count, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  };
  Asker node(etcd_->client());
  boost::asio::io_context io;
  EXPECT_TRUE(node.ask().swapped);
  etcd_->restart(0);
  const auto next = static_cast<rlim_t>(::dup(0));
  ::close(static_cast<int>(next));
  int opened = 0;
  // One more each time: every call that makes a descriptor fails once.
  for (rlim_t count = next; count < next + 12; ++count) {
    allow(count);
    auto door = EtcdDoor::open(io, etcd_->client(), ClusterName("c"), [](const auto&) {});
    allow(before.rlim_cur);
    if (door) {
      ++opened;
    } else {
      EXPECT_NE(door.error().sentence, "");
    }
  }
  EXPECT_GT(opened, 0);
  EXPECT_LT(opened, 12);
  allow(3);  // what it has is as good as ever
  const std::string sentence = node.ask_in_vain();
  allow(before.rlim_cur);
  EXPECT_TRUE(has(sentence, "Too many open files")) << sentence;
  EXPECT_TRUE(node.ask().swapped);
}

}  // namespace
}  // namespace hapx::appliance
