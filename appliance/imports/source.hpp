// SPDX-License-Identifier: Apache-2.0
// What does a configuration of another system say that hapx has a word for?
//
// One plain value, whichever system it is of: corosync.conf, a CIB, keepalived.conf and haproxy.cfg
// each become a Source, and from there on nobody knows any more which it was, but by its places.
// It has what was said, not yet what is wanted: two files may say the same thing differently, and
// which one counts is decided in one place (gather). What hapx has no word for is a remark, so that
// nothing is dropped without a word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/cluster_config.hpp"
#include "config/score.hpp"
#include "config/time.hpp"

namespace hapx::appliance::imports {

/// Where something is written; lines count from 1.
struct Place {
  std::string file;
  std::size_t line = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// What became of one thing that a file says.
struct Remark {
  enum class What { taken, left_out };
  What what = What::left_out;
  Place place;
  std::string words;   ///< what it says, in backquotes, printable, at most 64 bytes
  std::string reason;  ///< of taken: the key that it became; of left out: why

  friend bool operator==(const Remark&, const Remark&) = default;
};

/// A value, where it was said, and in which words.
template <class T>
struct Said {
  T value{};
  Place place;
  std::string words{};
};

/// One node, as far as a file knows it: by its name, its number, or its addresses.
struct SourceNode {
  std::string name;                    ///< empty: not said
  std::string id;                      ///< Corosync's number; empty: not said
  std::vector<std::string> addresses;  ///< the first is where it is heard, then its links
  std::optional<unsigned> votes;
  Place place;
};

struct SourceVip {
  std::string address;
  std::string prefix;     ///< digits; empty: not said
  std::string interface;  ///< empty: not said
  Place place;
};

/// That a node is to have a service rather than others.
struct Preference {
  std::string node;
  Score score;
  Place place;
  std::string words;
};

/// VRRP's way to say so, in the file of one node.
struct Priority {
  unsigned value = 100;
  bool returns = true;  ///< it takes the addresses back when it is there again
  std::string address;  ///< of the node whose file it is; empty: not said
  std::string name;     ///< likewise
  Place place;
};

/// Addresses that are on one node together.
struct SourceGroup {
  std::string name;
  std::vector<SourceVip> vips;
  std::vector<Preference> preferences;
  std::vector<Priority> priorities;
};

/// A port, and the kube-apiservers behind it.
struct SourceFrontend {
  std::string name;
  std::vector<std::string> addresses;  ///< at which it listens; empty: at all of the machine
  Said<std::uint16_t> port;            ///< 0: not said
  std::vector<Said<ApiServer>> servers;
  std::optional<Said<Duration>> check_interval;
  std::optional<Said<unsigned>> fall;
  std::optional<Said<unsigned>> rise;
  std::optional<Said<std::string>> ca_file;
  std::optional<Said<Duration>> connect;
  std::optional<Said<Duration>> client;
  std::optional<Said<Duration>> server;
  std::optional<Said<Duration>> tunnel;
  std::optional<Said<Duration>> client_fin;
  std::optional<Said<unsigned>> max_connections;
  std::vector<Said<std::string>> extra_frontend;  ///< lines for extraConfig
  std::vector<Said<std::string>> extra_backend;
  std::vector<Remark> remarks;  ///< they count only if this frontend is taken
  Place place;
};

/// All that one file says.
struct Source {
  std::string file;
  std::string kind;                         ///< what it was read as
  std::vector<Said<std::string>> clusters;  ///< names of the cluster
  std::vector<SourceNode> nodes;
  std::vector<SourceGroup> groups;
  std::vector<SourceFrontend> frontends;
  std::vector<Said<std::uint16_t>> stats;  ///< ports of HAProxy's page
  std::vector<Said<std::string>> extra_global;
  std::vector<Said<NoQuorumPolicy>> policies;
  std::vector<Said<Score>> stickiness;
  std::vector<Said<Score>> migration_threshold;
  std::vector<Said<Duration>> failure_timeout;
  std::vector<Said<OnFail>> vip_on_fail;
  std::vector<Said<OnFail>> haproxy_on_fail;
  std::vector<Said<std::string>> outsiders;  ///< hosts that are asked whether the network is there
  std::vector<Remark> remarks;
};

/// A thing that hapx has no word for, or a better one.
void leave_out(std::vector<Remark>& remarks, Place place, std::string_view words,
               std::string_view reason);
void take(std::vector<Remark>& remarks, Place place, std::string_view words, std::string_view key);

/// The name that hapx can use: lower case, no domain, hyphens. Empty: there is none.
[[nodiscard]] std::string as_label(std::string_view name);

/// "100", "+INFINITY", "-inf", as Pacemaker writes scores; nothing: it is none.
[[nodiscard]] std::optional<Score> as_score(std::string_view text);

/// A whole number of at most `most`.
[[nodiscard]] std::optional<unsigned> as_number(std::string_view text, unsigned most);

/// A number and a unit; without one it counts in `unit`. Nothing: it is none, or above 10 years.
[[nodiscard]] std::optional<Duration> as_duration(std::string_view text, Duration unit);

}  // namespace hapx::appliance::imports
