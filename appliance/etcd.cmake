# SPDX-License-Identifier: Apache-2.0
# The arbiter's words, as etcd takes and gives them. Pure.
find_package(Boost 1.81 REQUIRED COMPONENTS json)

hapx_room(hapx_appliance_etcd FOLDER appliance
  SOURCES etcd.cpp
  LINKS hapx_config hapx_membership)
target_link_libraries(hapx_appliance_etcd PRIVATE Boost::json)
