// SPDX-License-Identifier: Apache-2.0
#include "membership/codec.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "config/assert.hpp"
#include "membership/bytes.hpp"
#include "membership/plaintext.hpp"
#include "membership/promise_memory.hpp"

namespace hapx::membership {

namespace {

constexpr std::array<std::uint8_t, 4> magic = {'h', 'a', 'p', 'x'};
constexpr std::uint8_t envelope_version = 1;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t nonce_bytes = 12;
/// Derived keys that are kept; a peer needs one, its next process another.
constexpr std::size_t known_keys_max = 16;
constexpr std::string_view derivation_purpose = "hapx datagram 1";

using Key = std::array<std::uint8_t, 32>;
using Nonce = std::array<std::uint8_t, nonce_bytes>;

struct CipherDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
/// A cipher with its key in it: a datagram then only brings its nonce.
using Keyed = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;
struct KdfDeleter {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
};
struct KdfContextDeleter {
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

std::uint64_t hash_of(const ClusterName& cluster) {
  const std::string& text = cluster.text();
  return fnv1a({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Nonce nonce_of(std::uint64_t counter) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

OSSL_PARAM octets(const char* name, std::vector<std::uint8_t>& bytes) {
  return OSSL_PARAM_construct_octet_string(name, bytes.data(), bytes.size());
}

struct KnownKey {
  Envelope owner;  ///< counter 0
  Keyed opening;
};

struct Header {
  Envelope envelope;
  std::size_t bytes = 0;
};

std::variant<Header, Refused> read_header(std::span<const std::uint8_t> datagram,
                                          std::uint64_t cluster_hash) {
  using namespace refusal_reason;
  if (datagram.size() > datagram_bytes_max) return Refused{too_long};
  ByteReader reader(datagram);
  if (reader.raw<4>() != magic || !reader.ok()) return Refused{not_ours};
  const std::uint8_t version = reader.u8();
  if (!reader.ok()) return Refused{malformed};
  if (version != envelope_version) return Refused{unknown_version};
  const std::uint64_t cluster = reader.u64();
  if (!reader.ok()) return Refused{malformed};
  if (cluster != cluster_hash) return Refused{another_cluster};
  Header header;
  header.envelope.sender = NodeName(reader.text(name_bytes_max));
  header.envelope.boot.bytes = reader.raw<16>();
  header.envelope.incarnation.value = reader.u64();
  header.envelope.counter = reader.u64();
  header.bytes = reader.position();
  if (!reader.ok() || datagram.size() < header.bytes + tag_bytes) return Refused{malformed};
  return header;
}

}  // namespace

struct Codec::State {
  Options options;
  std::uint64_t cluster_hash = 0;
  std::uint64_t counter = 0;
  Keyed sealing;
  std::vector<KnownKey> known;  ///< the least recently learnt first
  /// Fetched once: OpenSSL 3 looks for a provider at each use of EVP_aes_256_gcm().
  std::unique_ptr<EVP_CIPHER, CipherDeleter> gcm{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)};
  std::unique_ptr<EVP_KDF, KdfDeleter> kdf{EVP_KDF_fetch(nullptr, "HKDF", nullptr)};

  [[nodiscard]] Key derive(const Envelope& owner, const ClusterKey& cluster_key) const {
    std::vector<std::uint8_t> secret(cluster_key.begin(), cluster_key.end());
    std::vector<std::uint8_t> salt(owner.boot.bytes.begin(), owner.boot.bytes.end());
    ByteWriter purpose;
    purpose.text(derivation_purpose);
    purpose.u64(owner.incarnation.value);
    purpose.text(owner.sender.text());
    std::vector<std::uint8_t> info = std::move(purpose).take();
    std::string digest = "SHA256";
    const std::array<OSSL_PARAM, 5> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        octets(OSSL_KDF_PARAM_KEY, secret), octets(OSSL_KDF_PARAM_SALT, salt),
        octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
    const std::unique_ptr<EVP_KDF_CTX, KdfContextDeleter> context(EVP_KDF_CTX_new(kdf.get()));
    Key key{};
    HAPX_ASSERT(context != nullptr);
    HAPX_ASSERT(EVP_KDF_derive(context.get(), key.data(), key.size(), parameters.data()) == 1);
    return key;
  }

  /// The header of our next datagram.
  [[nodiscard]] std::vector<std::uint8_t> next_header() {
    ByteWriter writer;
    writer.raw(magic);
    writer.u8(envelope_version);
    writer.u64(cluster_hash);
    writer.text(options.self.text());
    writer.raw(options.boot.bytes);
    writer.u64(options.incarnation.value);
    writer.u64(++counter);
    return std::move(writer).take();
  }

  [[nodiscard]] std::size_t header_bytes() const {
    return magic.size() + 1 + 8 + 1 + options.self.text().size() + 16 + 8 + 8;
  }

  [[nodiscard]] std::vector<std::uint8_t> seal_one(std::span<const std::uint8_t> plaintext) {
    auto header = next_header();  // and with it the counter
    return seal_behind(std::move(header), counter, plaintext, sealing.get());
  }

  /// `out` is the header already.
  [[nodiscard]] static std::vector<std::uint8_t> seal_behind(
      std::vector<std::uint8_t> out, std::uint64_t counter, std::span<const std::uint8_t> plaintext,
      EVP_CIPHER_CTX* cipher) {
    const std::size_t head = out.size();
    const Nonce nonce = nonce_of(counter);
    int length = 0;
    bool ok = EVP_EncryptInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data()) == 1;
    ok = ok && EVP_EncryptUpdate(cipher, nullptr, &length, out.data(), static_cast<int>(head)) == 1;
    out.resize(head + plaintext.size() + tag_bytes);
    std::uint8_t* body = out.data() + head;
    ok = ok && EVP_EncryptUpdate(cipher, body, &length, plaintext.data(),
                                 static_cast<int>(plaintext.size())) == 1;
    std::uint8_t* tag = body + plaintext.size();
    ok = ok && EVP_EncryptFinal_ex(cipher, tag, &length) == 1;
    ok = ok && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, tag_bytes, tag) == 1;
    HAPX_ASSERT(ok);
    HAPX_ASSERT(out.size() <= datagram_bytes_max);
    return out;
  }

  [[nodiscard]] static std::optional<std::vector<std::uint8_t>> open_one(
      std::span<const std::uint8_t> datagram, const Header& header, EVP_CIPHER_CTX* cipher) {
    const auto sealed = datagram.subspan(header.bytes, datagram.size() - header.bytes - tag_bytes);
    std::array<std::uint8_t, tag_bytes> tag{};
    std::copy(datagram.end() - tag_bytes, datagram.end(), tag.begin());
    const Nonce nonce = nonce_of(header.envelope.counter);
    std::vector<std::uint8_t> plaintext(sealed.size() + 1);  // never empty: data() must be valid
    int length = 0;
    bool ok = EVP_DecryptInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data()) == 1;
    ok = ok && EVP_DecryptUpdate(cipher, nullptr, &length, datagram.data(),
                                 static_cast<int>(header.bytes)) == 1;
    ok = ok && EVP_DecryptUpdate(cipher, plaintext.data(), &length, sealed.data(),
                                 static_cast<int>(sealed.size())) == 1;
    ok = ok && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1;
    ok = ok && EVP_DecryptFinal_ex(cipher, plaintext.data() + sealed.size(), &length) == 1;
    if (!ok) return std::nullopt;
    plaintext.resize(sealed.size());
    return plaintext;
  }

  [[nodiscard]] Keyed sealing_for(const Envelope& owner, const ClusterKey& cluster_key) const {
    const Key key = derive(owner, cluster_key);
    Keyed keyed(EVP_CIPHER_CTX_new());
    HAPX_ASSERT(EVP_EncryptInit_ex(keyed.get(), gcm.get(), nullptr, key.data(), nullptr) == 1);
    return keyed;
  }

  [[nodiscard]] Keyed opening_for(const Envelope& owner, const ClusterKey& cluster_key) const {
    const Key key = derive(owner, cluster_key);
    Keyed keyed(EVP_CIPHER_CTX_new());
    HAPX_ASSERT(EVP_DecryptInit_ex(keyed.get(), gcm.get(), nullptr, key.data(), nullptr) == 1);
    return keyed;
  }

  /// Null: a sender that nobody has heard yet.
  [[nodiscard]] EVP_CIPHER_CTX* find_opening(const Envelope& owner) const {
    for (const KnownKey& entry : known)
      if (entry.owner == owner) return entry.opening.get();
    return nullptr;
  }

  /// A process seals with one key for all its life: the first datagram of it that opens tells with
  /// which.
  [[nodiscard]] std::optional<std::vector<std::uint8_t>> open_first(
      std::span<const std::uint8_t> datagram, const Header& header, const Envelope& owner) {
    for (const ClusterKey* key : cluster_keys()) {
      if (key == nullptr) continue;
      Keyed opening = opening_for(owner, *key);
      auto plaintext = open_one(datagram, header, opening.get());
      if (!plaintext) continue;
      if (known.size() == known_keys_max) known.erase(known.begin());
      known.push_back({owner, std::move(opening)});
      return plaintext;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::array<const ClusterKey*, 2> cluster_keys() const {
    return {&options.keys.first, options.keys.second ? &*options.keys.second : nullptr};
  }
};

Codec::Codec(const Options& options) : state_(std::make_unique<State>()) {
  HAPX_ASSERT(options.self.text().size() <= name_bytes_max);
  HAPX_ASSERT(state_->gcm != nullptr && state_->kdf != nullptr);
  state_->options = options;
  state_->cluster_hash = hash_of(options.cluster);
  const Envelope self{options.self, options.boot, options.incarnation, 0};
  state_->sealing = state_->sealing_for(self, options.keys.first);
}

Codec::~Codec() = default;
Codec::Codec(Codec&&) noexcept = default;
Codec& Codec::operator=(Codec&&) noexcept = default;

std::vector<std::vector<std::uint8_t>> Codec::seal(const Message& message) {
  std::vector<std::vector<std::uint8_t>> datagrams;
  const std::size_t room = datagram_bytes_max - state_->header_bytes() - tag_bytes;
  for (const std::vector<std::uint8_t>& plaintext : encode(message, room))
    datagrams.push_back(state_->seal_one(plaintext));
  return datagrams;
}

std::vector<std::uint8_t> Codec::seal_bytes(std::span<const std::uint8_t> plaintext) {
  return state_->seal_one(plaintext);
}

std::variant<Envelope, Refused> Codec::peek(std::span<const std::uint8_t> datagram) const {
  const auto header = read_header(datagram, state_->cluster_hash);
  if (const auto* refused = std::get_if<Refused>(&header)) return *refused;
  return std::get<Header>(header).envelope;
}

std::variant<OpenedBytes, Refused> Codec::open_bytes(std::span<const std::uint8_t> datagram) {
  const auto read = read_header(datagram, state_->cluster_hash);
  if (const auto* refused = std::get_if<Refused>(&read)) return *refused;
  const auto& header = std::get<Header>(read);

  Envelope owner = header.envelope;
  owner.counter = 0;
  EVP_CIPHER_CTX* known = state_->find_opening(owner);
  auto plaintext = known != nullptr ? State::open_one(datagram, header, known)
                                    : state_->open_first(datagram, header, owner);
  if (!plaintext) return Refused{refusal_reason::wrong_key};
  return OpenedBytes{header.envelope, std::move(*plaintext)};
}

std::variant<Opened, Refused> Codec::open(std::span<const std::uint8_t> datagram) {
  const auto opened = open_bytes(datagram);
  if (const auto* refused = std::get_if<Refused>(&opened)) return *refused;
  const auto& [envelope, plaintext] = std::get<OpenedBytes>(opened);
  auto message = decode(plaintext, envelope.sender, envelope.incarnation);
  if (!message) return Refused{refusal_reason::malformed};
  return Opened{envelope, std::move(*message)};
}

std::uint64_t Codec::counter() const {
  return state_->counter;
}

void Codec::go_on_behind(std::uint64_t counter) {
  state_->counter = counter;
}

void Codec::seal_with_stand_in(std::vector<std::uint8_t>& datagram) {
  const auto read = read_header(datagram, state_->cluster_hash);
  const auto* header = std::get_if<Header>(&read);
  if (header == nullptr) return;
  for (const ClusterKey* key : state_->cluster_keys()) {
    if (key == nullptr) continue;
    const Keyed opening = state_->opening_for(header->envelope, *key);
    const auto plaintext = State::open_one(datagram, *header, opening.get());
    if (!plaintext) continue;
    datagram.resize(header->bytes);
    const Keyed sealing = state_->sealing_for(header->envelope, stand_in_of(*key));
    datagram = State::seal_behind(std::move(datagram), header->envelope.counter, *plaintext,
                                  sealing.get());
    return;
  }
}

}  // namespace hapx::membership
