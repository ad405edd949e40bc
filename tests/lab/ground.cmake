# SPDX-License-Identifier: Apache-2.0
# Real clusters that are watched while something is done to them. `ground`: bad ground, that is
# wrong keys, forged datagrams, missing rights, missing programs.
set(sources_ground ground_test.cpp ground_rights_test.cpp ground_start_test.cpp
    ground_wire_test.cpp)
set(single on_fail two_services placement electorate dual_stack conflict ways two_nodes wire
    neighbours dhcp third_vote cluster_drill many_services watched hooks
    remote)
foreach(name ${single})
  set(sources_${name} ${name}_test.cpp)
endforeach()

# With IPv6 they say again what they say with IPv4.
set(more_conflict MORE "*IPv6")
set(more_two_nodes MORE "*IPv6")
set(more_third_vote MORE "*IPv6")
# One failure is answered as another one is.
set(more_on_fail MORE "*HaproxyFrozen*:*OnFailing*HaproxyKilled*:*Threshold*HaproxyKilled*")
# The same plan is done from a machine beside the nodes; the lab's drills move the address, too.
set(more_cluster_drill MORE "*FromANode:*WhatMovesTheAddress*")
# What they record changes seldom.
set(label_many_services more)
set(label_watched more)
foreach(name ground ${single})
  set(label lab)
  if(DEFINED label_${name})
    set(label ${label_${name}})
  endif()
  hapx_test(lab_${name} ${more_${name}}
    SOURCES ${sources_${name}}
    LINKS hapx_appliance_drill_io hapx_appliance_drill hapx_appliance_lab_io hapx_appliance_lab
          hapx_appliance_windows hapx_vip
    LABELS ${label})
  target_compile_definitions(lab_${name} PRIVATE HAPX_PROGRAMS="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  foreach(program hapx hapxd)
    if(TARGET ${program})
      add_dependencies(lab_${name} ${program})
    endif()
  endforeach()
endforeach()
foreach(name third_vote remote)
  target_link_libraries(lab_${name} PRIVATE hapx_test_support)
endforeach()
