// SPDX-License-Identifier: Apache-2.0
// What has this node promised as a voter, and does it still know?
//
// A voter that forgets a promise could promise the same thing twice. So it keeps a small file,
// mapped into memory: it outlives the process (and so a restart in flight), but is worthless after
// a reboot, because the instants in it are of one boot's clock. This file knows the bytes of it: a
// header that says whose memory this is, and two slots for each key, written in turn, so that a
// process that is killed in the middle of a store still finds the one before.
//
// A second, tiny file in the state directory (on disk) says that this node has voted at all, and in
// which boot. From the two, recall() tells what is known, and for how long the voter has to abstain
// because it doesn't know (LEASE.md, rule 5). Nothing here opens a file; io/promise_file does.
//
//   slot 0      header: magic, layout, boot, abstention, cluster, node, checksum
//   slot 2i+1   key i, first copy       generation, key, promise, accepted, retired, checksum
//   slot 2i+2   key i, second copy      ... the valid copy with the higher generation counts
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/archived.hpp"
#include "config/ids.hpp"
#include "config/time.hpp"
#include "membership/action.hpp"
#include "membership/promise.hpp"

namespace hapx::membership {

/// One slot's length in the mapped file; StorePromise::slot counts in these.
inline constexpr std::size_t promise_slot_bytes = 1024;
/// 64 virtual addresses, the coordinator's key, and three that may belong to another generation of
/// the file. Limit: a key beyond that gets no vote here until an expired one makes room.
inline constexpr std::size_t promise_keys_max = 68;
inline constexpr std::size_t promise_slots = 1 + 2 * promise_keys_max;
inline constexpr std::size_t promise_file_bytes = promise_slots * promise_slot_bytes;
/// Whose memory it is. One that belongs to somebody else is no memory.
struct VoterIdentity {
  ClusterName cluster;
  NodeName node;
  BootId boot;

  friend bool operator==(const VoterIdentity&, const VoterIdentity&) = default;
};

/// The voter's memory as a value. Default-constructed it is empty and belongs to nobody: good for a
/// simulated node that starts for the first time.
class PromiseMemory {
 public:
  PromiseMemory() : PromiseMemory(VoterIdentity{}) {}
  explicit PromiseMemory(VoterIdentity identity);

  [[nodiscard]] const VoterIdentity& identity() const { return identity_; }
  /// The voter says nothing before this instant; the epoch if it may speak at once.
  [[nodiscard]] Instant abstain_until() const { return abstain_until_; }
  [[nodiscard]] const Promise* find(const LeaseKey& key) const;
  [[nodiscard]] std::vector<Promise> promises() const;  ///< ordered by key

  /// Remembers `promise` and says what to write for it. Absent: there is no room; then nothing
  /// changed and the voter must not answer. A key makes room when it is not `wanted` and has no
  /// lease that is unexpired at `now`.
  [[nodiscard]] std::optional<StorePromise> remember(const Promise& promise, Instant now,
                                                     const std::vector<LeaseKey>& wanted);
  /// Remembers not to speak before `until`; so a restart doesn't cut the abstention short.
  [[nodiscard]] StorePromise abstain(Instant until);

  /// The whole file, promise_file_bytes long.
  [[nodiscard]] std::vector<std::uint8_t> encode() const;

  friend bool operator==(const PromiseMemory&, const PromiseMemory&) = default;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(identity_, salt_, abstain_until_, pairs_);
  }

  friend struct PromiseMemoryCodec;

  struct Pair {
    Promise promise;
    std::uint64_t generation = 0;  ///< of the newest copy; its parity says in which slot it is

    friend bool operator==(const Pair&, const Pair&) = default;
  };

  [[nodiscard]] StorePromise header() const;

  VoterIdentity identity_;
  std::uint64_t salt_ = 0;  ///< of identity_
  Instant abstain_until_{};
  std::array<std::optional<Pair>, promise_keys_max> pairs_;
};

/// What the bytes of the mapped file turned out to be.
enum class MemoryFinding : std::uint8_t {
  absent,      ///< no file, an empty one, or nothing but zeros
  unreadable,  ///< torn, of another layout, or of another length
  foreign,     ///< of another node or cluster
  other_boot,  ///< ours, but of another boot: its instants mean nothing now
  intact,      ///< ours, of this boot
};

struct DecodedMemory {
  MemoryFinding finding = MemoryFinding::absent;
  PromiseMemory memory;  ///< filled if intact
};

/// Total on any input.
[[nodiscard]] DecodedMemory decode_memory(std::span<const std::uint8_t> bytes,
                                          const VoterIdentity& self);

/// What a StorePromise writes: the promise in it. Absent if it isn't one of ours, or is the header.
[[nodiscard]] std::optional<Promise> decode_promise(std::span<const std::uint8_t> slot,
                                                    const VoterIdentity& self);

/// The text of the state directory's marker: this node has voted, in this boot.
[[nodiscard]] std::string encode_marker(const VoterIdentity& identity);
/// Absent if the text is not a marker.
[[nodiscard]] std::optional<VoterIdentity> decode_marker(std::string_view text);

/// /proc/sys/kernel/random/boot_id: 32 hexadecimal digits with dashes. Absent if it isn't.
[[nodiscard]] std::optional<BootId> parse_boot_id(std::string_view text);
[[nodiscard]] std::string to_string(const BootId& boot);

/// What was found before the first vote. An empty optional is "not there", not "not readable":
/// what could not be read is given as an empty text, which is no marker.
struct FoundMemory {
  std::optional<std::vector<std::uint8_t>> mapped;  ///< the run directory's file
  std::optional<std::string> marker;                ///< the state directory's
};

struct Recollection {
  PromiseMemory memory;  ///< for MemberOptions; also what the file has to say from now on
  std::optional<Duration> abstain;  ///< for MemberOptions; counted from the `now` of recall
  bool write_file = false;          ///< the mapped file must be written anew, memory.encode()
  bool write_marker = false;        ///< then the marker, on disk before the first vote
  std::string sentence;             ///< why it abstains, or what was found, for the log
};

/// Safety: a voter that does not remember its promises of this boot abstains for lease_max; one
/// that may have promised something in another boot abstains until the clock of this one says
/// lease_max. (LEASE.md, rule 5.) Never called twice in one process: `now` is the process's start.
[[nodiscard]] Recollection recall(const FoundMemory& found, const VoterIdentity& self, Instant now);

}  // namespace hapx::membership
