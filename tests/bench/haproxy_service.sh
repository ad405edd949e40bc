#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands in for the service manager: HAProxy is started again 100 ms after its end, as systemd does
# with Debian's unit (Restart=always).
while :; do
  haproxy -W -db -f /etc/haproxy/haproxy.cfg
  sleep 0.1
done
