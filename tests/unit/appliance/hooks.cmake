# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_hooks_test
  SOURCES hooks_test.cpp
  LINKS hapx_appliance_hooks GTest::gmock
  LABELS unit)
