// SPDX-License-Identifier: Apache-2.0
// What is said to etcd, and what does its answer mean?
//
// One request is one transaction of etcd's API v3, as its JSON gateway takes it: compare the
// revisions in which our keys were written last, put all values if all of them are as expected, and
// in either case tell everything that is ours. Ours is what begins with /hapx/CLUSTER/. Such a
// transaction goes through etcd's own log, or its leader asks a majority of the members first, so
// what is told is never stale. How it gets there is io/etcd_door's matter.
//
// protobuf's JSON leaves out what has the default value (false, 0, an empty list), writes 64-bit
// numbers as strings, and bytes in base64.
//
// Limit: an answer of 256 KiB, 200 entries in it, 100 bytes of a key behind our prefix, 1 KiB of a
// value. What is beyond is refused in both directions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/ids.hpp"
#include "config/result.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"

namespace hapx::appliance {

inline constexpr std::size_t etcd_answer_bytes_max = 256 * std::size_t{1024};
inline constexpr std::size_t etcd_entries_max = 200;
inline constexpr std::size_t etcd_key_bytes_max = 100;
inline constexpr std::size_t etcd_value_bytes_max = 1024;

/// Where a transaction is posted to.
inline constexpr const char* etcd_transaction_path = "/v3/kv/txn";

/// What all keys of a cluster begin with.
[[nodiscard]] std::string etcd_prefix(const ClusterName& cluster);

/// The body of the request. Refuses an entry that could not be read back.
[[nodiscard]] Result<std::string> etcd_request(const membership::AskArbiter& question,
                                               const std::string& prefix);

/// What the body of an answer with this HTTP status means; its ticket is left 0. Total. A refusal
/// of etcd's is an Error with its own words.
[[nodiscard]] Result<membership::ArbiterAnswered> decode_etcd_answer(unsigned status,
                                                                     std::string_view body,
                                                                     const std::string& prefix);

}  // namespace hapx::appliance
