// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/reading_words.hpp"

#include <string>

#include "appliance/cli/recording_words.hpp"
#include "config/time.hpp"

namespace hapx::appliance::cli {

template <class T>
void ReadingWords::choose(CLI::App* app, const T& value) {
  app->callback([this, &value] { verb_ = value; });
}

/// `hapx events` and `hapx get events` are the same.
void ReadingWords::add_events(CLI::App* app) {
  app->add_option_function<std::string>(
         "--since",
         [this](const std::string& text) { events_.since = parse_duration(text).value(); },
         "only what is not older: 90s, 10m, 2h")
      ->type_name("DURATION")
      ->check(is_duration());
  app->add_option("--service", events_.service, "only what concerns this one, or all of them")
      ->type_name("SERVICE");
  app->add_option("-n,--lines", events_.count, "only the last N")
      ->check(CLI::Range(1U, 100'000U).description(""))
      ->type_name("N");
  app->add_flag("-f,--follow", events_.follow,
                "go on with what comes, until Ctrl-C; begins with the last 10");
  choose(app, events_);
}

void ReadingWords::add_status(CLI::App& app) {
  CLI::App* status = add_verb(
      &app, "status", "how the cluster is, as this node sees it",
      "  hapx status\n"
      "  hapx status -o json | jq '.services[].holder'\n"
      "  hapx status --watch\n\n"
      "Exit status: 0 healthy, 1 degraded, 2 a service is not served, 3 cannot tell; with\n"
      "--watch 130, for Ctrl-C ends it.");
  status->add_flag("--watch", status_.watch,
                   "a live screen, until Ctrl-C; goes on while hapxd is away");
  choose(status, status_);
}

void ReadingWords::add_get(CLI::App& app) {
  CLI::App* get = add_verb(&app, "get", "one table of the status",
                           "  hapx get members\n"
                           "  hapx get services -o wide\n"
                           "  hapx get events -o yaml");
  get->require_subcommand(1);
  const auto sub = [&](const char* name, const char* what) {
    CLI::App* one = get->add_subcommand(name, what);
    one->fallthrough();
    return one;
  };
  const auto thing = [&](const char* name, const char* what, Thing which) {
    sub(name, what)->callback([this, which] { verb_ = Get{which}; });
  };
  thing("members", "the nodes: state, role, votes", Thing::members);
  thing("links", "the paths of heartbeats between this node and the others", Thing::links);
  thing("services", "the services: holder, resources, lease, fence", Thing::services);
  thing("backends", "the kube-apiservers as this node's HAProxy sees them", Thing::backends);
  thing("orders", "the standing orders: who gave them, since when, until when", Thing::orders);
  CLI::App* conflicts = sub("conflicts", "other hosts that claim addresses which this node has");
  conflicts
      ->add_option("--pcap", get_.pcap,
                   "write the frames in which they did so into this new file, for tcpdump -r")
      ->type_name("FILE");
  conflicts->callback([this] { verb_ = Get{Thing::conflicts, get_.pcap}; });
  add_events(sub("events", "the same as `hapx events`"));
}

void ReadingWords::add_describe(CLI::App& app) {
  CLI::App* describe =
      add_verb(&app, "describe", "all there is to know about one thing, on one page",
               "  hapx describe node node1\n"
               "  hapx describe service kube-apiserver");
  describe->require_subcommand(1);
  CLI::App* node = add_verb(describe, "node", "its state, what it holds, failures, orders, events",
                            "  hapx describe node node1");
  node->add_option("NAME", node_.name, "which node")->required()->type_name("");
  choose(node, node_);
  CLI::App* service = add_verb(describe, "service",
                               "where and why, lease, fence, failures, orders, backends, events",
                               "  hapx describe service kube-apiserver");
  service->add_option("NAME", service_.name, "which service")->required()->type_name("");
  choose(service, service_);
}

CLI::Validator is_duration() {
  const auto objection = [](const std::string& text) {
    const auto read = parse_duration(text);
    return read ? std::string() : read.error().sentence;
  };
  return {objection, ""};
}

CLI::Validator is_moment() {
  const auto objection = [](const std::string& text) {
    const auto read = parse_utc(text);
    return read ? std::string() : read.error().sentence;
  };
  return {objection, ""};
}

void ReadingWords::add(CLI::App& app) {
  add_status(app);
  add_get(app);
  CLI::App* events = add_verb(
      &app, "events", "what this node noticed, decided and did lately, and why",
      "  hapx events -n 10\n"
      "  hapx events --since 5m --service kube-apiserver\n"
      "  hapx events --follow\n\n"
      "hapxd keeps the last 512 in memory. With -o wide also the time of day and the phase.\n"
      "Exit status: 0, with --follow 130 (Ctrl-C ends it); 1 refused, 3 no answer from hapxd.");
  add_events(events);
  add_describe(app);
  CLI::App* fail_counts = add_verb(
      &app, "failcount", "how often services failed on each node, and until when that counts",
      "  hapx failcount\n"
      "  hapx failcount kube-apiserver\n\n"
      "INFINITY is a failed start or stop. `hapx cleanup` forgets failures at once.");
  fail_counts->add_option("SERVICE", fail_counts_.service, "only this one")->type_name("");
  choose(fail_counts, fail_counts_);
  add_why(app);
}

void ReadingWords::add_why(CLI::App& app) {
  CLI::App* why = add_verb(
      &app, "why", "why services are where they are, and what led there",
      "  hapx why\n"
      "  hapx why kube-apiserver\n"
      "  hapx why --at 2026-11-28T13:36:57.2Z    as this node saw it then, by a recording");
  why->add_option("SERVICE", why_.service, "only this one")->type_name("");
  CLI::Option* at =
      why->add_option_function<std::string>(
             "--at", [this](const std::string& text) { why_.at = parse_utc(text).value(); },
             "as it was at this moment of a recording, in UTC; see `hapx recording list`")
          ->type_name("TIME")
          ->check(is_moment());
  why->add_option("--recording", why_.recording,
                  "of this recording (else: of the one that has the moment)")
      ->type_name("FILE")
      ->needs(at);
  add_state_dir(why, why_.state_dir)->needs(at);
  choose(why, why_);
}

}  // namespace hapx::appliance::cli
