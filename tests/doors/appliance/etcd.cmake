# SPDX-License-Identifier: Apache-2.0
find_package(OpenSSL 3.0 REQUIRED)
hapx_test(appliance_etcd_door_test TOGETHER
  SOURCES etcd_bench.cpp etcd_door_test.cpp etcd_refusal_test.cpp etcd_trouble_test.cpp
  LINKS hapx_appliance_etcd_io hapx_config_io hapx_test_support OpenSSL::SSL
  LABELS doors)
