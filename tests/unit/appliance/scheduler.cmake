# SPDX-License-Identifier: Apache-2.0
hapx_test(unit_scheduler
  SOURCES scheduler_rules_test.cpp scheduler_hapx_test.cpp scheduler_reason_test.cpp
          scheduler_property_test.cpp scenario_test.cpp
  LINKS hapx_appliance_scheduler LABELS unit)
