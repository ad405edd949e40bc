# SPDX-License-Identifier: Apache-2.0
# The keeper, with as little as possible: what is not linked can't fail.
hapx_room(hapx_appliance_keeper FOLDER appliance/io
  SOURCES handed_down.cpp keeper.cpp life.cpp service_manager.cpp
  LINKS hapx_config hapx_config_io)
