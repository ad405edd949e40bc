# SPDX-License-Identifier: Apache-2.0
hapx_test(appliance_windows_door_test
  SOURCES drill_file_test.cpp http_server_test.cpp network_door_test.cpp recording_files_test.cpp
          gate_test.cpp service_manager_test.cpp log_test.cpp
  LINKS hapx_appliance_windows_io hapx_appliance_keeper hapx_appliance_recording_io
        hapx_test_support OpenSSL::SSL
        GTest::gmock
  LABELS doors)

hapx_test(appliance_cli_door_test TOGETHER
  SOURCES cli_test.cpp cli_cloud_init_test.cpp cli_config_test.cpp cli_doctor_test.cpp
          cli_machine_test.cpp cli_hooks_test.cpp cli_import_test.cpp cli_reading_test.cpp
          cli_recording_test.cpp program_test.cpp
  LINKS hapx_appliance_windows_io hapx_appliance_recording_io hapx_appliance_lab_io
        hapx_test_support hapx_vip_io GTest::gmock
  LABELS doors)
target_compile_definitions(appliance_cli_door_test PRIVATE HAPX_PROGRAM="$<TARGET_FILE:hapx>"
                           HAPX_VERSION="${PROJECT_VERSION}")
add_dependencies(appliance_cli_door_test hapx)
