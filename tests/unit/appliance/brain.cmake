# SPDX-License-Identifier: Apache-2.0
hapx_test(unit_appliance_brain
  SOURCES clients_here_test.cpp coordination_test.cpp service_here_test.cpp
          service_others_test.cpp
  LINKS hapx_appliance
  LABELS unit)
