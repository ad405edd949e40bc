// SPDX-License-Identifier: Apache-2.0
// What does a kube-apiserver say, in just enough of its words for kubectl?
//
// There is one pod, `web`, in every namespace. kubectl finds it by discovery, lists it, watches it
// and follows its log; all else is answered with "ok" and the name of who answers. A watch and a
// log that is followed go on as chunks, one every interval, until somebody ends them. In the
// namespace `quiet` nothing happens for longer than most time-outs. It knows no connection and no
// clock, and remembers nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/time.hpp"

namespace hapx::appliance::lab {

enum class Condition : std::uint8_t {
  well,
  unready,  ///< /readyz is answered with 500, all else as ever: it is about to end
  failing,  ///< everything is answered with 500
};

enum class StreamKind : std::uint8_t { watch, log };

/// What goes on after the head of an answer.
struct KubeStream {
  StreamKind kind = StreamKind::watch;
  std::string pod_namespace;
  Duration interval{0};  ///< between two chunks; the first comes at once

  friend bool operator==(const KubeStream&, const KubeStream&) = default;
};

struct KubeAnswer {
  std::string text;                  ///< all of it, or the head of a stream
  std::optional<KubeStream> stream;  ///< absent: that was all
};

inline constexpr Duration stream_interval = std::chrono::milliseconds(200);
inline constexpr Duration quiet_interval = std::chrono::minutes(11);

/// `request` is the head of a request; whatever it says, there is an answer.
[[nodiscard]] KubeAnswer kube_answer(std::string_view request, const std::string& name,
                                     Condition condition);

/// The chunk of that number, from 1, said by `name`.
[[nodiscard]] std::string next_chunk(const KubeStream& stream, const std::string& name,
                                     std::uint64_t number);

/// Ends a stream well.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace hapx::appliance::lab
