// SPDX-License-Identifier: Apache-2.0
#include "appliance/cli/io/hooks.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#include "appliance/cli/event_stream.hpp"
#include "appliance/cli/io/again.hpp"
#include "appliance/cli/io/questions.hpp"
#include "appliance/cli/io/speech.hpp"
#include "appliance/document.hpp"
#include "appliance/hooks/io/teller.hpp"
#include "appliance/hooks/io/telling.hpp"
#include "appliance/hooks/message.hpp"
#include "appliance/journal.hpp"
#include "appliance/lab/io/interrupt.hpp"
#include "config/io/clock.hpp"
#include "config/io/config_file.hpp"
#include "config/parse.hpp"
#include "config/tree.hpp"
#include "config/utf8.hpp"
#include "config/wording.hpp"

namespace hapx::appliance::cli {

namespace {

using hooks::Origin;
using hooks::Teller;

constexpr Duration follow_interval = std::chrono::milliseconds(250);
constexpr Duration file_interval = std::chrono::seconds(1);

/// What its threads say comes out line by line.
class Log {
 public:
  explicit Log(const Surroundings& around) : around_(around) {}

  void say(const std::string& sentence) {
    const std::scoped_lock lock(mutex_);
    around_.out << printable(sentence) << std::endl;
  }
  void complain_of(const std::string& sentence) {
    const std::scoped_lock lock(mutex_);
    complain(around_, sentence);
    around_.err.flush();
  }

 private:
  const Surroundings& around_;
  std::mutex mutex_;
};

/// Those that are told, as the file has them now.
class Tellers {
 public:
  Tellers(std::string file, std::string version, Log& log)
      : file_(std::move(file)), version_(std::move(version)), log_(log) {}

  [[nodiscard]] const std::string& cluster() const { return cluster_; }

  /// An Error, and nothing is changed, if it can't be read or is refused.
  [[nodiscard]] Result<void> read() {
    const auto text = read_config_file(file_);
    if (!text) return text.error();
    if (text_ == *text) return {};
    auto config = parse_config(*text, file_);
    if (!config) return config.error();
    text_ = *text;
    take(*config);
    return {};
  }

  ~Tellers() {
    // Each has some time to end, but not one after another.
    for (const auto& [name, teller] : tellers_) teller->stop();
  }
  Tellers(const Tellers&) = delete;
  Tellers& operator=(const Tellers&) = delete;

  void tell(const std::vector<EventLine>& events, const Origin& origin) {
    for (const auto& event : events) {
      for (const auto& [name, teller] : tellers_) teller->add(event, origin);
    }
  }

 private:
  void take(const ClusterConfig& config) {
    cluster_ = config.name.text();
    std::map<std::string, std::unique_ptr<Teller>> now;
    std::vector<std::string> names;
    for (const auto& hook : config.hooks) {
      names.push_back(hook.name);
      auto known = tellers_.extract(hook.name);
      // One that is as it was goes on with what it has to tell.
      if (!known.empty() && known.mapped()->hook() == hook) {
        now.insert(std::move(known));
        continue;
      }
      auto teller = std::make_unique<Teller>(hook, version_,
                                             [this](const auto& sentence) { log_.say(sentence); });
      if (!known.empty()) {
        known.mapped()->stop();  // first: what becomes of it is its successor's to say
        teller->take_over(*known.mapped());
        leave(std::move(known.mapped()));
      }
      now.emplace(hook.name, std::move(teller));
    }
    for (auto& [name, teller] : tellers_) leave(std::move(teller));
    tellers_ = std::move(now);
    log_.say(file_ + ": " +
             (names.empty() ? "no hooks; waiting for a file that has some"
                            : counted(names.size(), "hook") + ": " + joined(names)));
  }

  /// The end of what it tells is not waited for here, where others are to be told.
  void leave(std::unique_ptr<Teller> teller) {
    teller->stop();
    std::erase_if(leaving_, [](const auto& each) { return each->is_over(); });
    leaving_.push_back(std::move(teller));
  }

  const std::string file_;
  const std::string version_;
  Log& log_;
  std::optional<std::string> text_;  ///< of the file that was taken
  std::string cluster_;
  std::vector<std::unique_ptr<Teller>> leaving_;
  std::map<std::string, std::unique_ptr<Teller>> tellers_;
};

/// What hapxd calls itself; empty: it does not say.
std::string node_name(const GlobalOptions& global) {
  std::string json;
  const auto status = ask_status(global, json);
  return status ? status->node.text() : std::string();
}

/// Who tells: the node, or this host where hapxd does not say which that is.
Origin origin_of(const std::string& cluster, const std::string& node) {
  if (!node.empty()) return {cluster, node};
  std::string host(256, '\0');
  if (::gethostname(host.data(), host.size() - 1) != 0) return {cluster, "?"};
  return {cluster, host.c_str()};
}

/// Follows the file and hapxd's events.
class Watch {
 public:
  Watch(const GlobalOptions& global, const RunHooks& verb, const Surroundings& around)
      : global_(global), around_(around), log_(around), tellers_(verb.file, around.version, log_) {}

  int run() {
    if (const auto read = tellers_.read(); !read) return complain(around_, read.error().sentence);
    began_ = looked_ = boot_now();
    return ask_again(global_, around_, "/v1/events", follow_interval, [this](const auto& answer) {
      look_at_file();
      hear(answer);
      return std::optional<int>();
    });
  }

 private:
  void look_at_file() {
    if (boot_now() - looked_ < file_interval) return;
    looked_ = boot_now();
    const auto read = tellers_.read();
    const std::string trouble = read ? std::string() : read.error().sentence;
    if (!trouble.empty() && trouble != file_trouble_)
      log_.complain_of(trouble + "; the hooks stay as they were");
    file_trouble_ = trouble;
  }

  void hear(const Result<std::string>& answer) {
    auto lines =
        answer ? events_from_json(*answer) : Result<std::vector<EventLine>>(answer.error());
    if (!lines) return complaints_.say(around_, lines.error().sentence);
    complaints_.forget();
    if (node_.empty()) node_ = node_name(global_);
    auto fresh = stream_.fresh(*lines);
    // What was before us, those before us have told.
    if (std::exchange(is_first_, false))
      fresh = chosen(std::move(fresh), boot_now() - began_, std::nullopt);
    tellers_.tell(fresh, origin_of(tellers_.cluster(), node_));
  }

  const GlobalOptions& global_;
  const Surroundings& around_;
  Log log_;
  Tellers tellers_;
  EventStream stream_;
  Complaints complaints_;
  std::string node_;
  std::string file_trouble_;
  bool is_first_ = true;
  Instant began_;
  Instant looked_;
};

Result<HookConfig> find_hook(const ClusterConfig& config, const std::string& name) {
  const auto found = std::ranges::find(config.hooks, name, &HookConfig::name);
  if (found != config.hooks.end()) return *found;
  std::vector<std::string_view> names;
  for (const auto& hook : config.hooks) names.emplace_back(hook.name);
  return Error{ErrorKind::refused,
               "there is no hook " + shown(name) +
                   (names.empty() ? std::string("; the file has none")
                                  : suggestion(name, names, "there are " + listed(names, "and")))};
}

std::string outcome_to_json(const HookConfig& hook, const hooks::Outcome& outcome, Duration took) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  YamlNode document;
  tree::add(document, "hook", tree::text(hook.name));
  tree::add(document, "told", tree::flag(outcome.told.how == hooks::Told::How::done));
  tree::add(document, "sentence", tree::text(outcome.told.sentence));
  tree::add(document, "tookMs", tree::plain(std::to_string(milliseconds)));
  tree::add(document, "output", tree::text(outcome.output));
  return json_from_tree(document);
}

}  // namespace

int run_hooks(const GlobalOptions& global, const RunHooks& verb, const Surroundings& around) {
  return Watch(global, verb, around).run();
}

int try_hook(const GlobalOptions& global, const TryHook& verb, const Surroundings& around) {
  const auto text = read_config_file(verb.file);
  if (!text) return complain(around, text.error().sentence);
  const auto config = parse_config(*text, verb.file);
  if (!config) return complain(around, config.error().sentence);
  const auto hook = find_hook(*config, verb.name);
  if (!hook) return complain(around, hook.error().sentence);
  const Origin origin = origin_of(config->name.text(), node_name(global));
  const auto message =
      hooks::message_of(hooks::test_event(*hook), origin, hook->name, 0, /*is_test=*/true);
  const lab::InterruptWatch watch;
  const Instant began = boot_now();
  const auto outcome = hooks::tell(*hook, message, {around.version, lab::interrupted});
  const Duration took = boot_now() - began;
  const bool is_done = outcome.told.how == hooks::Told::How::done;
  if (global.output != Output::text) {
    print_document(around, global.output, outcome_to_json(*hook, outcome, took));
    return is_done ? exit_done : exit_refused;
  }
  around.out << outcome.output;
  if (lab::interrupted()) return exit_interrupted;
  if (!is_done) return complain(around, "hook " + hook->name + ": " + outcome.told.sentence);
  around.out << "hook " << hook->name << ": told in " << age_text(took) << '\n';
  return exit_done;
}

}  // namespace hapx::appliance::cli
