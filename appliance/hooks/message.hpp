// SPDX-License-Identifier: Apache-2.0
// What is a hook told of an event?
//
// One JSON document for programs and URLs alike (docs/events.md has its keys), and for scripts the
// few of them that most want as variables of their environment. `text` says all in one sentence:
// what Slack, Mattermost and their like show of a document.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "appliance/journal.hpp"
#include "config/cluster_config.hpp"

namespace hapx::appliance::hooks {

/// Who tells.
struct Origin {
  std::string cluster;
  std::string node;
};

struct Message {
  std::string document;                  ///< JSON, on one line
  std::vector<std::string> environment;  ///< "HAPX_EVENT=takeover"
};

/// `left_out`: so many events before this one the hook was not told of. `is_test`: nothing has
/// happened, it is only tried.
[[nodiscard]] Message message_of(const EventLine& event, const Origin& origin,
                                 const std::string& hook, std::uint64_t left_out, bool is_test);

/// An event by which a hook can be tried: of the first of its kinds, and says that it is none.
[[nodiscard]] EventLine test_event(const HookConfig& hook);

}  // namespace hapx::appliance::hooks
