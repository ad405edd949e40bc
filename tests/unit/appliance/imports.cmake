# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_imports_test TOGETHER
  SOURCES imports_cib_test.cpp imports_gather_test.cpp imports_golden_test.cpp
          imports_haproxy_test.cpp imports_text_test.cpp
  LINKS hapx_appliance_imports GTest::gmock
  LABELS unit)
