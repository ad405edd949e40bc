// SPDX-License-Identifier: Apache-2.0
#include "config/result.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace hapx {
namespace {

TEST(SystemError, HasTheKindByWhichCallersAct) {
  const auto kind_of = [](int number) { return system_error(number, "asking").kind; };
  for (const int number : {ENOENT, ENODEV, ENXIO, ESRCH, EADDRNOTAVAIL}) {
    EXPECT_EQ(kind_of(number), ErrorKind::absent) << number;
  }
  for (const int number : {EEXIST, EADDRINUSE}) {
    EXPECT_EQ(kind_of(number), ErrorKind::exists) << number;
  }
  for (const int number : {EPERM, EACCES}) {
    EXPECT_EQ(kind_of(number), ErrorKind::forbidden) << number;
  }
  for (const int number : {EAGAIN, EBUSY, ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH}) {
    EXPECT_EQ(kind_of(number), ErrorKind::unavailable) << number;
  }
  EXPECT_EQ(kind_of(EIO), ErrorKind::failed);
}

TEST(SystemError, SaysWhatWasTriedAndWhatTheKernelSaid) {
  const Error error = system_error(ENOENT, "opening /etc/hapx/hapx.yaml");
  EXPECT_EQ(error.sentence, "opening /etc/hapx/hapx.yaml: No such file or directory");
  EXPECT_EQ(error.system_error, ENOENT);
}

TEST(ResultDeathTest, ToAskBlindlyIsABug) {
  const Result<int> nothing = Error{ErrorKind::absent, "there is no node9", 0};
  EXPECT_DEATH((void)nothing.value(), "there is no node9");
}

}  // namespace
}  // namespace hapx
