# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_cloud_init_test
  SOURCES seed_test.cpp
  LINKS hapx_appliance_cloud_init GTest::gmock
  LABELS unit)
