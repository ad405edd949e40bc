// SPDX-License-Identifier: Apache-2.0
// How is a document posted to a URL, and what was answered?
//
// By libcurl, the only place where it is: names, addresses of both families, proxies (the
// environment's https_proxy and no_proxy), certificates. No redirect is followed, for it would
// carry a token to somebody else. TLS 1.2 or later. Blocks until there is an answer, or its time is
// over.
#pragma once

#include <functional>
#include <string>

#include "config/result.hpp"
#include "config/time.hpp"

namespace hapx::appliance::hooks {

struct Post {
  std::string url;
  std::string document{};  ///< JSON
  std::string ca_file{};   ///< empty: the system's
  std::string token{};     ///< empty: none
  std::string version{};   ///< of hapx, for User-Agent
  Duration time_max = std::chrono::seconds(10);
  /// Asked about once a second, and whenever something comes; true: as if its time were over. May
  /// be empty.
  std::function<bool()> is_unwanted{};
};

/// The status of the answer; its text is not kept, and no more than 64 KiB of it is waited for.
/// Errors: `refused` for what is the same the next time (a URL that is none, a certificate that is
/// not trusted), else `unavailable`. Neither the URL's path nor the token is in a sentence.
[[nodiscard]] Result<unsigned> post(const Post& post);

}  // namespace hapx::appliance::hooks
