# SPDX-License-Identifier: Apache-2.0
hapx_room(hapx_appliance FOLDER appliance
  SOURCES clients_here.cpp coordination.cpp service_here.cpp node.cpp node_alone.cpp
          node_archive.cpp
          node_arbiter.cpp
          node_cleanup.cpp node_clients.cpp node_journal.cpp node_metrics.cpp
          node_orders.cpp node_reload.cpp
          node_recording.cpp node_status.cpp step_words.cpp
  LINKS hapx_appliance_scheduler hapx_appliance_windows hapx_appliance_metrics hapx_config
        hapx_membership hapx_vip hapx_lb_supervisor)
