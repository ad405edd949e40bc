# SPDX-License-Identifier: Apache-2.0
# Real clusters on bad ground: wrong keys, forged datagrams, missing rights, missing programs.
hapx_test(lab_ground
  SOURCES ground_test.cpp ground_rights_test.cpp ground_start_test.cpp ground_wire_test.cpp
  LINKS hapx_appliance_drill_io hapx_appliance_drill hapx_appliance_lab_io hapx_appliance_lab
        hapx_appliance_windows hapx_vip
  LABELS lab)
target_compile_definitions(lab_ground PRIVATE HAPX_PROGRAMS="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
foreach(program hapx hapxd)
  if(TARGET ${program})
    add_dependencies(lab_ground ${program})
  endif()
endforeach()
