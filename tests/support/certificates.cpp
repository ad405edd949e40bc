// SPDX-License-Identifier: Apache-2.0
#include "certificates.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace hapx::test {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { ::X509_EXTENSION_free(extension); }
  void operator()(BIO* memory) const { ::BIO_free(memory); }
};
template <class Thing>
using Owned = std::unique_ptr<Thing, Free>;

/// Without certificates no test can go on.
void must(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "certificates: OpenSSL can't %s\n", what);
  std::abort();
}

template <class Write>
std::string in_pem(Write write) {
  const Owned<BIO> memory(::BIO_new(::BIO_s_mem()));
  must(memory && write(memory.get()) == 1, "write PEM");
  char* text = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

void extend(X509* certificate, X509* issuer, int what, const std::string& words) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(
      ::X509V3_EXT_conf_nid(nullptr, &context, what, words.c_str()));
  must(extension && ::X509_add_ext(certificate, extension.get(), -1) == 1, "extend a certificate");
}

Owned<X509> blank(EVP_PKEY* key, const std::string& name, long serial) {
  Owned<X509> made(::X509_new());
  must(made != nullptr, "make a certificate");
  ::X509_set_version(made.get(), 2);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), serial);
  ::X509_set_pubkey(made.get(), key);
  ::X509_NAME_add_entry_by_txt(::X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()),
                               static_cast<int>(name.size()), -1, 0);
  return made;
}

}  // namespace

struct Authority::State {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;
  long serial = 1;
};

Authority::Authority(const std::string& name) : state_(std::make_unique<State>()) {
  state_->key.reset(::EVP_EC_gen("P-256"));
  must(state_->key != nullptr, "make a key");
  state_->certificate = blank(state_->key.get(), name, 1);
  X509* own = state_->certificate.get();
  ::X509_gmtime_adj(::X509_getm_notBefore(own), -365L * 24 * 3600);
  ::X509_gmtime_adj(::X509_getm_notAfter(own), 365L * 24 * 3600);
  ::X509_set_issuer_name(own, ::X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  must(::X509_sign(own, state_->key.get(), ::EVP_sha256()) != 0, "sign");
}

Authority::~Authority() = default;
Authority::Authority(Authority&&) noexcept = default;
Authority& Authority::operator=(Authority&&) noexcept = default;

std::string Authority::certificate() const {
  return in_pem(
      [&](BIO* memory) { return ::PEM_write_bio_X509(memory, state_->certificate.get()); });
}

Certificate Authority::issue(const CertificatePlan& plan) {
  const Owned<EVP_PKEY> key(::EVP_EC_gen("P-256"));
  must(key != nullptr, "make a key");
  const auto made = blank(key.get(), plan.name, ++state_->serial);
  X509* issuer = state_->certificate.get();
  ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), plan.begins.count());
  ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), plan.ends.count());
  ::X509_set_issuer_name(made.get(), ::X509_get_subject_name(issuer));
  extend(made.get(), issuer, NID_ext_key_usage, plan.usages);
  std::string names = "DNS:" + plan.name;
  for (const IpAddress& address : plan.addresses) names += ",IP:" + to_string(address);
  extend(made.get(), issuer, NID_subject_alt_name, names);
  must(::X509_sign(made.get(), state_->key.get(), ::EVP_sha256()) != 0, "sign");
  return {in_pem([&](BIO* memory) { return ::PEM_write_bio_X509(memory, made.get()); }),
          in_pem([&](BIO* memory) {
            return ::PEM_write_bio_PrivateKey(memory, key.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr);
          })};
}

}  // namespace hapx::test
