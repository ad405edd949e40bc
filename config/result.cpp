// SPDX-License-Identifier: Apache-2.0
#include "config/result.hpp"

#include <cerrno>
#include <cstring>

#include "config/assert.hpp"

namespace hapx {

Error system_error(int error_number, const std::string& what) {
  ErrorKind kind = ErrorKind::failed;
  switch (error_number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
    case EADDRNOTAVAIL:
      kind = ErrorKind::absent;
      break;
    case EEXIST:
    case EADDRINUSE:
      kind = ErrorKind::exists;
      break;
    case EPERM:
    case EACCES:
      kind = ErrorKind::forbidden;
      break;
    case EAGAIN:
    case EBUSY:
    case ETIMEDOUT:
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
      kind = ErrorKind::unavailable;
      break;
    default:
      break;
  }
  return {kind, what + ": " + std::strerror(error_number), error_number};
}

void throw_exception_from_error(const Error& error, const boost::source_location& at) {
  assertion_failed(error.sentence.c_str(), at.file_name(), static_cast<int>(at.line()));
}

}  // namespace hapx
