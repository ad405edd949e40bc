// SPDX-License-Identifier: Apache-2.0
// Who may have written this datagram, and is it whole?
//
// Every datagram is sealed with AES-256-GCM under the cluster's key: whoever has no key can neither
// read nor make one, nor alter a bit of one. This is the only place that knows OpenSSL. A datagram:
//
//   offset  bytes  what
//   0       4      "hapx"
//   4       1      version of the envelope: 1. Another version is refused with its own reason;
//                  within a version the plaintext grows by new protobuf fields (message.proto)
//   5       8      a hash of the cluster's name: a foreign cluster on the same port is told apart
//                  from a wrong key
//   13      1 + n  the sender's name
//   14+n    16     its boot id
//   30+n    8      its incarnation
//   38+n    8      counter: 1, 2, 3, ... of this process
//   46+n    ...    the sealed plaintext, and 16 bytes of tag
//
// The header is authenticated with the rest. Numbers are little-endian. Each process derives a key
// of its own (HKDF-SHA256 of the first cluster key with boot id, incarnation and name), so the
// counter alone is a nonce that never repeats. Limit: a machine whose memory is reverted or cloned
// while it runs repeats counters; that is not supported (LEASE.md, rule 17).
//
// Freshness is not judged here: replay_window and peer do that. Opening is total on any input.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "config/cluster_key.hpp"
#include "config/ids.hpp"
#include "membership/ballot.hpp"
#include "membership/message.hpp"

namespace hapx::membership {

/// No datagram is longer: fits an Ethernet frame with an IPv6 header and a VLAN or tunnel to spare.
inline constexpr std::size_t datagram_bytes_max = 1400;

/// Why a datagram was refused: short, stable word groups, used as labels of counters.
namespace refusal_reason {
inline constexpr std::string_view too_long = "too long";
inline constexpr std::string_view not_ours = "not ours";
inline constexpr std::string_view unknown_version = "unknown version";
inline constexpr std::string_view another_cluster = "another cluster";
inline constexpr std::string_view unknown_sender = "unknown sender";
inline constexpr std::string_view wrong_address = "wrong address";
inline constexpr std::string_view wrong_key = "wrong key";
inline constexpr std::string_view malformed = "malformed";
inline constexpr std::string_view for_another_node = "for another node";
inline constexpr std::string_view our_own = "our own";
inline constexpr std::string_view our_name = "our name";
inline constexpr std::string_view replayed = "replayed";
inline constexpr std::string_view superseded = "superseded process";
inline constexpr std::string_view unproven = "not yet proven fresh";
inline constexpr std::string_view rival_session = "rival session";
inline constexpr std::string_view another_electorate = "another list of voters";

inline constexpr std::array all{too_long,       not_ours,  unknown_version, another_cluster,
                                unknown_sender, wrong_key, wrong_address,   malformed,
                                our_own,        our_name,  replayed,        for_another_node,
                                superseded,     unproven,  rival_session,   another_electorate};
}  // namespace refusal_reason

/// What stands in front, readable (and forgeable) by everybody until the datagram is opened.
struct Envelope {
  NodeName sender;
  BootId boot;
  Incarnation incarnation;
  std::uint64_t counter = 0;

  friend bool operator==(const Envelope&, const Envelope&) = default;
};

struct Opened {
  Envelope envelope;
  Message message;
};

/// What is no Message: another program's words under the same key.
struct OpenedBytes {
  Envelope envelope;
  std::vector<std::uint8_t> plaintext;
};

struct Refused {
  std::string_view reason;  ///< one of refusal_reason
};

class Codec {
 public:
  struct Options {
    ClusterName cluster;
    NodeName self;
    BootId boot;
    Incarnation incarnation;
    ClusterKeys keys;
  };

  explicit Codec(const Options& options);
  ~Codec();
  Codec(Codec&&) noexcept;
  Codec& operator=(Codec&&) noexcept;

  /// The message as datagrams of at most datagram_bytes_max, each with a counter of its own.
  [[nodiscard]] std::vector<std::vector<std::uint8_t>> seal(const Message& message);

  /// Bytes that aren't a Message, as one datagram. A program that speaks such names another cluster
  /// (Options), so that nobody's hapxd ever takes one for a heartbeat.
  /// REQUIRES: they fit into datagram_bytes_max beside an envelope.
  [[nodiscard]] std::vector<std::uint8_t> seal_bytes(std::span<const std::uint8_t> plaintext);

  /// The counter of our last datagram.
  [[nodiscard]] std::uint64_t counter() const;
  /// Goes on behind that one: to seal once more what was sealed before (config/archived.hpp).
  void go_on_behind(std::uint64_t counter);
  /// The same datagram, of whomever, sealed with what stands in for the key with which it was
  /// sealed (config/cluster_key.hpp), so that it can be read without that. One that doesn't open
  /// stays as it is.
  void seal_with_stand_in(std::vector<std::uint8_t>& datagram);

  /// Who claims to have sent this; cheap, and before any cryptography.
  [[nodiscard]] std::variant<Envelope, Refused> peek(std::span<const std::uint8_t> datagram) const;
  /// Safety: what opens was sealed by a holder of one of the cluster's keys, and is unaltered.
  [[nodiscard]] std::variant<Opened, Refused> open(std::span<const std::uint8_t> datagram);
  /// The same, whatever was sealed.
  [[nodiscard]] std::variant<OpenedBytes, Refused> open_bytes(
      std::span<const std::uint8_t> datagram);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hapx::membership
