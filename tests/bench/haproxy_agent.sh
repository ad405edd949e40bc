#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# HAProxy as a resource of Pacemaker: an OCF agent that starts, stops and looks for the process.
#
# Debian has none; tutorials fetch one. It does what those do: a monitor asks whether the process
# of the pid file lives.
: "${OCF_ROOT=/usr/lib/ocf}"
: "${OCF_FUNCTIONS_DIR=$OCF_ROOT/lib/heartbeat}"
. "$OCF_FUNCTIONS_DIR/ocf-shellfuncs"

pid_file=/run/haproxy.pid
config=/etc/haproxy/haproxy.cfg

meta_data() {
  cat <<'XML'
<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="haproxy" version="1.0">
<version>1.0</version>
<longdesc lang="en">HAProxy as a resource</longdesc>
<shortdesc lang="en">HAProxy</shortdesc>
<parameters/>
<actions>
<action name="start" timeout="20s"/>
<action name="stop" timeout="20s"/>
<action name="monitor" timeout="20s" interval="20s" depth="0"/>
<action name="meta-data" timeout="5s"/>
<action name="validate-all" timeout="20s"/>
</actions>
</resource-agent>
XML
}

is_alive() {
  [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null
}

begin() {
  is_alive && return "$OCF_SUCCESS"
  haproxy -D -f "$config" -p "$pid_file" || return "$OCF_ERR_GENERIC"
  until is_alive; do sleep 0.1; done
  return "$OCF_SUCCESS"
}

end() {
  is_alive || return "$OCF_SUCCESS"
  kill "$(cat "$pid_file")"
  while is_alive; do sleep 0.1; done
  rm -f "$pid_file"
  return "$OCF_SUCCESS"
}

case $1 in
  meta-data) meta_data ;;
  start) begin ;;
  stop) end ;;
  monitor) is_alive || exit "$OCF_NOT_RUNNING" ;;
  validate-all) haproxy -c -q -f "$config" ;;
  *) exit "$OCF_ERR_UNIMPLEMENTED" ;;
esac
