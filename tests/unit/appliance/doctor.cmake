# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_doctor_test
  SOURCES doctor_test.cpp wire_frame_test.cpp wire_test.cpp
  LINKS hapx_appliance_doctor GTest::gmock
  LABELS unit)
