# SPDX-License-Identifier: Apache-2.0
find_package(CLI11 REQUIRED)

hapx_room(hapx_appliance_hapxd_options FOLDER appliance/cli
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/../cli/hapxd_options.cpp
          ${CMAKE_CURRENT_SOURCE_DIR}/../cli/word_tree.cpp)
target_link_libraries(hapx_appliance_hapxd_options PRIVATE CLI11::CLI11)

hapx_room(hapx_appliance_io FOLDER appliance/io
  SOURCES accepted_file.cpp daemon.cpp startup.cpp wall_clock.cpp
  LINKS hapx_appliance hapx_appliance_recording_io hapx_appliance_etcd_io
        hapx_appliance_keeper hapx_appliance_windows_io
        hapx_appliance_hapxd_options hapx_config_io hapx_membership_io hapx_vip_io
        hapx_lb_supervisor_io)

add_executable(hapxd ${CMAKE_CURRENT_SOURCE_DIR}/../hapxd.cpp)
target_link_libraries(hapxd PRIVATE hapx_appliance_io hapx_flags)
target_compile_definitions(hapxd PRIVATE HAPX_VERSION="${PROJECT_VERSION}")
target_compile_definitions(hapx_appliance_io PRIVATE HAPX_VERSION="${PROJECT_VERSION}")
