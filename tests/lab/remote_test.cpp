// SPDX-License-Identifier: Apache-2.0
// Asking a real node from another host: who may look, who may order, and who is not answered.
#include <sys/stat.h>

#include "certificates.hpp"
#include "ground.hpp"

namespace hapx::appliance::lab {
namespace {

/// METHOD HOST TARGET BODY CA [CERTIFICATE KEY]: prints the status, and the text on the next line.
constexpr const char* ask = R"(
import http.client, ssl, sys
method, host, target, body, ca, *own = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if own:
    context.load_cert_chain(*own)
try:
    there = http.client.HTTPSConnection(host, 9406, context=context, timeout=30)
    there.request(method, target, body or None)
    answer = there.getresponse()
    print(answer.status)
    print(answer.read().decode())
except OSError as trouble:
    print("no answer", trouble)
)";

class Remote : public Ground {
 protected:
  void put(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file(file(name), text, 0600));
  }

  void make_person(const std::string& name) {
    const auto own = authority_.issue({name});
    put(name + ".crt", own.certificate);
    put(name + ".key", own.key);
  }

  /// With a certificate of the nodes' addresses, for all of them.
  [[nodiscard]] std::string file_with_api() {
    test::CertificatePlan nodes{"nodes"};
    for (const NodePlan& each : plan().nodes) nodes.addresses.push_back(each.address);
    const auto own = authority_.issue(nodes);
    put("ca.crt", authority_.certificate());
    put("api.crt", own.certificate);
    put("api.key", own.key);
    const std::string text = read_file(plan().config_file).value() +
                             "  api: {listen: 0.0.0.0:9406, certFile: " + file("api.crt") +
                             ", keyFile: " + file("api.key") + ", clientCAFile: " + file("ca.crt") +
                             ", operators: [alice]}\n";
    put("remote.yaml", text);
    return file("remote.yaml");
  }

  /// Empty: without a certificate.
  [[nodiscard]] std::string asks(const std::string& who, unsigned number, const std::string& method,
                                 const std::string& target, const std::string& body = "") const {
    std::vector<std::string> words{
        "python3", "-c", ask,           method, to_string(node(number).address),
        target,    body, file("ca.crt")};
    if (!who.empty()) words.insert(words.end(), {file(who + ".crt"), file(who + ".key")});
    return output_in(plan().client_netns, words);
  }

  test::Authority authority_{"operators"};
};

TEST_F(Remote, WhoHasACertificateLooksAndOperatorsOrder) {
  build();
  ASSERT_FALSE(HasFailure());
  for (const char* name : {"alice", "bob"}) make_person(name);
  start_all({.config_file = file_with_api()});
  const unsigned first = settled();
  ASSERT_NE(first, 0U);
  const unsigned second = first % 3 + 1;
  const std::string order = "{\"to\": \"" + node(second).name.text() + "\"}";
  const std::string target = "/v1/services/" + plan().service.text() + "/move";
  EXPECT_TRUE(asks("bob", second, "GET", "/v1/status").starts_with("200\n{"));
  const std::string refused = asks("bob", second, "POST", target, order);
  EXPECT_TRUE(refused.starts_with("403\n")) << refused;
  EXPECT_NE(refused.find("a certificate of `bob` may only look"), std::string::npos) << refused;
  EXPECT_TRUE(asks("", second, "GET", "/v1/status").starts_with("no answer"));
  EXPECT_TRUE(serves(status(first))) << "nobody who may has said otherwise";
  const std::string moved = asks("alice", second, "POST", target, order);
  EXPECT_TRUE(moved.starts_with("200\n")) << moved;
  comes_to_serve(second);
  EXPECT_EQ(count(status(first), "rights_lost"), 0U);
  EXPECT_EQ(count(status(second), "rights_lost"), 0U);
}

}  // namespace
}  // namespace hapx::appliance::lab
