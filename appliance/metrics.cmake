# SPDX-License-Identifier: Apache-2.0
# The view for Prometheus. Pure. Of prometheus-cpp only the core is linked, found by hand: its CMake
# package also wants what its own web server and its push client would need.
find_path(PROMETHEUS_CPP_HEADERS prometheus/text_serializer.h REQUIRED)
find_library(PROMETHEUS_CPP_CORE prometheus-cpp-core REQUIRED)

hapx_room(hapx_appliance_metrics FOLDER appliance
  SOURCES metrics.cpp open_metrics.cpp
  LINKS hapx_appliance_windows)
target_link_libraries(hapx_appliance_metrics PRIVATE ${PROMETHEUS_CPP_CORE})
target_include_directories(hapx_appliance_metrics SYSTEM PRIVATE ${PROMETHEUS_CPP_HEADERS})
