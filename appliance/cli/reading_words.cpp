// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/reading_words.hpp"

#include <string>

#include "config/time.hpp"

namespace hapx::appliance::cli {

namespace {

template <class T>
void choose(CLI::App* app, const T& value, Verb& verb) {
  app->callback([&value, &verb] { verb = value; });
}

/// `hapx events` and `hapx get events` are the same.
void add_events_options(CLI::App* app, ShowEvents& events, Verb& verb) {
  app->add_option_function<std::string>(
         "--since",
         [&events](const std::string& text) { events.since = parse_duration(text).value(); },
         "only what is not older: 90s, 10m, 2h")
      ->type_name("DURATION")
      ->check(is_duration());
  app->add_option("--service", events.service, "only what concerns this one, or all of them")
      ->type_name("SERVICE");
  app->add_option("-n,--lines", events.count, "only the last N")
      ->check(CLI::Range(1U, 100'000U).description(""))
      ->type_name("N");
  app->add_flag("-f,--follow", events.follow,
                "go on with what comes, until Ctrl-C; begins with the last 10");
  choose(app, events, verb);
}

void add_status(CLI::App& app, const AddVerb& add, ReadingWords& words, Verb& verb) {
  CLI::App* status =
      add(&app, "status", "how the cluster is, as this node sees it",
          "  hapx status\n"
          "  hapx status -o json | jq '.services[].holder'\n"
          "  hapx status --watch\n\n"
          "Exit status: 0 healthy, 1 degraded, 2 a service is not served, 3 cannot tell; with\n"
          "--watch 130, for Ctrl-C ends it.");
  status->add_flag("--watch", words.status.watch,
                   "a live screen, until Ctrl-C; goes on while hapxd is away");
  choose(status, words.status, verb);
}

void add_get(CLI::App& app, const AddVerb& add, ReadingWords& words, Verb& verb) {
  CLI::App* get = add(&app, "get", "one table of the status",
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
    sub(name, what)->callback([&verb, which] { verb = Get{which}; });
  };
  thing("members", "the nodes: state, role, votes", Thing::members);
  thing("links", "the paths of heartbeats between this node and the others", Thing::links);
  thing("services", "the services: holder, resources, lease, fence", Thing::services);
  thing("backends", "the kube-apiservers as this node's HAProxy sees them", Thing::backends);
  thing("orders", "the standing orders: who gave them, since when, until when", Thing::orders);
  add_events_options(sub("events", "the same as `hapx events`"), words.events, verb);
}

void add_describe(CLI::App& app, const AddVerb& add, ReadingWords& words, Verb& verb) {
  CLI::App* describe = add(&app, "describe", "all there is to know about one thing, on one page",
                           "  hapx describe node node1\n"
                           "  hapx describe service kube-apiserver");
  describe->require_subcommand(1);
  CLI::App* node = add(describe, "node", "its state, what it holds, failures, orders, events",
                       "  hapx describe node node1");
  node->add_option("NAME", words.node.name, "which node")->required()->type_name("");
  choose(node, words.node, verb);
  CLI::App* service =
      add(describe, "service", "where and why, lease, fence, failures, orders, backends, events",
          "  hapx describe service kube-apiserver");
  service->add_option("NAME", words.service.name, "which service")->required()->type_name("");
  choose(service, words.service, verb);
}

}  // namespace

CLI::Validator is_duration() {
  const auto objection = [](const std::string& text) {
    const auto read = parse_duration(text);
    return read ? std::string() : read.error().sentence;
  };
  return {objection, ""};
}

void add_reading_verbs(CLI::App& app, const AddVerb& add, ReadingWords& words, Verb& verb) {
  add_status(app, add, words, verb);
  add_get(app, add, words, verb);
  CLI::App* events =
      add(&app, "events", "what this node noticed, decided and did lately, and why",
          "  hapx events -n 10\n"
          "  hapx events --since 5m --service kube-apiserver\n"
          "  hapx events --follow\n\n"
          "hapxd keeps the last 512 in memory. With -o wide also the time of day and the phase.\n"
          "Exit status: 0, with --follow 130 (Ctrl-C ends it); 1 refused, 3 no answer from hapxd.");
  add_events_options(events, words.events, verb);
  add_describe(app, add, words, verb);
  CLI::App* fail_counts =
      add(&app, "failcount", "how often services failed on each node, and until when that counts",
          "  hapx failcount\n"
          "  hapx failcount kube-apiserver\n\n"
          "INFINITY is a failed start or stop. `hapx cleanup` forgets failures at once.");
  fail_counts->add_option("SERVICE", words.fail_counts.service, "only this one")->type_name("");
  choose(fail_counts, words.fail_counts, verb);
  CLI::App* why = add(&app, "why", "why services are where they are, and what led there",
                      "  hapx why\n"
                      "  hapx why kube-apiserver");
  why->add_option("SERVICE", words.why.service, "only this one")->type_name("");
  choose(why, words.why, verb);
}

}  // namespace hapx::appliance::cli
