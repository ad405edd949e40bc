# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_recording_test
  SOURCES recording_test.cpp
  LINKS hapx_appliance_recording hapx_test_support GTest::gmock
  LABELS unit)
