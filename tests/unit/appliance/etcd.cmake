# SPDX-License-Identifier: Apache-2.0
hapx_test(unit_appliance_etcd
  SOURCES etcd_test.cpp
  LINKS hapx_appliance_etcd Boost::json
  LABELS unit)
