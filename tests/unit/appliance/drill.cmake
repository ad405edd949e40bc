# SPDX-License-Identifier: Apache-2.0
# The lab's plan and the drill's judgement: pure, no namespace is made here.
find_package(Boost 1.81 REQUIRED COMPONENTS json)

hapx_test(unit_appliance_lab
  SOURCES lab_plan_test.cpp lab_observation_test.cpp kube_answer_test.cpp
  LINKS hapx_appliance_lab hapx_config Boost::json
  LABELS unit)

hapx_test(unit_appliance_drill
  SOURCES drill_agent_words_test.cpp drill_fault_test.cpp drill_history_test.cpp
          drill_machine_end_test.cpp drill_markup_test.cpp drill_outage_test.cpp drill_plan_test.cpp
          drill_probe_test.cpp drill_progress_test.cpp drill_reach_test.cpp drill_report_test.cpp
          drill_routes_test.cpp drill_story_test.cpp drill_wire_test.cpp
  LINKS hapx_appliance_drill hapx_config Boost::json
  LABELS unit)
