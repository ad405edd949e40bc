# SPDX-License-Identifier: Apache-2.0
# The doors of the windows: requests, the log, what is remembered of a drill.
find_package(Boost 1.81 REQUIRED)

hapx_room(hapx_appliance_windows_io FOLDER appliance/io
  SOURCES drill_file.cpp gate.cpp http_listening.cpp http_server.cpp log.cpp network_door.cpp
  LINKS hapx_appliance_windows hapx_appliance_pem_io hapx_config_io Boost::headers Threads::Threads)
# g++ 12 takes the frame allocation of Asio's coroutines for a mismatch (GCC bug 109740).
set_source_files_properties(http_server.cpp PROPERTIES COMPILE_OPTIONS -Wno-mismatched-new-delete)
