// SPDX-License-Identifier: Apache-2.0
#include "config/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace hapx {

void assertion_failed(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: hapx has a bug: expected %s\n", file, line, what);
  std::abort();
}

}  // namespace hapx
