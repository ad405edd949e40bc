# SPDX-License-Identifier: Apache-2.0
add_executable(keeper_child keeper_child.cpp)
target_link_libraries(keeper_child PRIVATE hapx_appliance_keeper hapx_flags)
hapx_test(doors_appliance_keeper SOURCES keeper_test.cpp LABELS doors)
target_compile_definitions(doors_appliance_keeper
  PRIVATE KEEPER_CHILD="$<TARGET_FILE:keeper_child>")
add_dependencies(doors_appliance_keeper keeper_child)
