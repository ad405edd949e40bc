# SPDX-License-Identifier: Apache-2.0
# The scheduler: where each service is to be, and why; scenario files. Pure.
find_package(Boost 1.81 REQUIRED COMPONENTS json)

hapx_room(hapx_appliance_scheduler FOLDER appliance
  SOURCES scheduler.cpp scheduler_present.cpp scheduler_score.cpp scheduler_choice.cpp
          scheduler_reason.cpp scenario.cpp scenario_report.cpp
  LINKS hapx_config)
target_link_libraries(hapx_appliance_scheduler PRIVATE Boost::json)
