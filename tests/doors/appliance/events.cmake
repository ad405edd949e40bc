# SPDX-License-Identifier: Apache-2.0
hapx_test(doors_appliance_events
  SOURCES event_queue_test.cpp
  LINKS hapx_appliance_keeper hapx_membership_io hapx_membership
  LABELS doors)
