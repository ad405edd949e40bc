# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_windows_test
  SOURCES status_test.cpp journal_test.cpp about_test.cpp api_test.cpp conflicts_test.cpp
          metrics_test.cpp past_drill_test.cpp takeover_test.cpp web_window_test.cpp
  LINKS hapx_appliance_windows hapx_appliance_metrics GTest::gmock
  LABELS unit)

hapx_test(appliance_cli_test TOGETHER
  SOURCES capture_test.cpp cli_words_test.cpp cli_reading_test.cpp hapxd_options_test.cpp
          machine_words_test.cpp
  LINKS hapx_appliance_cli GTest::gmock
  LABELS unit)
