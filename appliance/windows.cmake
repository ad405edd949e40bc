# SPDX-License-Identifier: Apache-2.0
# The windows: what shows the node's state, and understands requests. Pure.
find_package(Boost 1.81 REQUIRED COMPONENTS json)

hapx_room(hapx_appliance_windows FOLDER appliance
  SOURCES table.cpp phase.cpp takeover.cpp status.cpp status_conflicts.cpp status_json.cpp
          status_json_watch.cpp status_orders.cpp status_text.cpp journal.cpp
          document.cpp about.cpp api.cpp past_drill.cpp web_window.cpp
  LINKS hapx_config hapx_membership hapx_vip hapx_lb_supervisor hapx_appliance_web Boost::json)
