// SPDX-License-Identifier: Apache-2.0
// How does a function say that the world did not comply?
//
// With a Result: the value, or an Error that says what failed in one sentence. Errors are few kinds
// with made names; a kind exists only where some caller acts differently on it. Log or return,
// never both: whoever returns an Error leaves the telling to its caller.
#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace hapx {

enum class ErrorKind {
  refused,      ///< the input is wrong (a file, a request, a datagram); the sentence says where
  absent,       ///< what was asked for does not exist (file, interface, address, process)
  exists,       ///< it is there already
  forbidden,    ///< the kernel denies us the right to it
  unavailable,  ///< not now: the peer does not answer, the time is over, the resource is busy
  failed,       ///< any other failure of the world
};

/// One failure of the world, or one refusal: a full sentence without a final newline.
struct Error {
  ErrorKind kind = ErrorKind::failed;
  std::string sentence;
  int system_error = 0;  ///< errno where the kernel gave one, else 0

  friend bool operator==(const Error&, const Error&) = default;
};

/// Makes an Error from errno: "<what>: <text of errno>", with the kind that fits.
[[nodiscard]] Error system_error(int error_number, const std::string& what);

template <class T>
using Result = boost::system::result<T, Error>;

/// Found by Result::value() when there is none: asking blindly is a bug, so it aborts.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& at);

}  // namespace hapx
