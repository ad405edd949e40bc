# SPDX-License-Identifier: Apache-2.0
# The door to the arbiter.
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

hapx_room(hapx_appliance_etcd_io FOLDER appliance/io
  SOURCES etcd_asker.cpp etcd_connection.cpp etcd_credentials.cpp etcd_door.cpp
  LINKS hapx_appliance_etcd hapx_appliance_pem_io hapx_config hapx_config_io hapx_membership
        Boost::headers
        Threads::Threads)
target_link_libraries(hapx_appliance_etcd_io PRIVATE OpenSSL::SSL)
# g++ 12 takes the frame allocation of Asio's coroutines for a mismatch (GCC bug 109740).
set_source_files_properties(etcd_asker.cpp etcd_connection.cpp
                            PROPERTIES COMPILE_OPTIONS -Wno-mismatched-new-delete)
