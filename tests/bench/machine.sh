#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first process of a machine: gives it folders of its own, then waits for its end.
#
#   machine.sh FOLDER NAME
#
# It runs in fresh namespaces (mount, IPC, UTS, PID) within the machine's network. What a power loss
# takes is memory of its own (/run, /tmp, /dev/shm, /var/log); what a disk would keep is under
# FOLDER/disk. When it is killed the kernel kills all that runs in the machine, at one instant.
set -eu

folder=$1
name=$2

hostname "$name"
mount -t proc proc /proc
for memory in /run /tmp /dev/shm /var/log; do
  mount -t tmpfs -o mode=1777 machine "$memory"
done

# A boot of its own: hapx asks which one it is.
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id

# As Debian's packages make them at boot.
install -d -m 1755 /run/resource-agents /run/netns
install -d -m 0755 /var/log/corosync /var/log/crmsh
mount --bind "$folder/haproxy.cfg" /etc/haproxy/haproxy.cfg
if [ -d "$folder/disk/pacemaker" ]; then
  install -d -o hacluster -g haclient -m 0750 /run/crm /var/log/pacemaker
  mount --bind "$folder/disk/pacemaker" /var/lib/pacemaker
  mount --bind "$folder/disk/corosync" /var/lib/corosync
  mount --bind "$folder/etc/corosync" /etc/corosync
  mount --bind "$folder/resource.d" /usr/lib/ocf/resource.d
fi
: >"$folder/ready"

# Whoever has lost its parent belongs to us: the shell reaps it while it waits.
while :; do
  sleep 86400 &
  wait
done
