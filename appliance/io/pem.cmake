# SPDX-License-Identifier: Apache-2.0
# Certificates and keys in files: for the doors that speak TLS.
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

hapx_room(hapx_appliance_pem_io FOLDER appliance/io
  SOURCES pem_files.cpp
  LINKS hapx_config hapx_config_io Boost::headers)
target_link_libraries(hapx_appliance_pem_io PUBLIC OpenSSL::SSL)
