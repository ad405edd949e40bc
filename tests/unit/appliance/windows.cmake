# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_windows_test
  SOURCES status_test.cpp journal_test.cpp api_test.cpp
  LINKS hapx_appliance_windows GTest::gmock
  LABELS unit)

hapx_test(appliance_cli_test
  SOURCES cli_words_test.cpp
  LINKS hapx_appliance_cli GTest::gmock
  LABELS unit)
