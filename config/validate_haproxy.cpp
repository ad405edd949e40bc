// SPDX-License-Identifier: Apache-2.0
#include "config/validate_haproxy.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "config/wording.hpp"

namespace hapx {
namespace {

using namespace std::string_view_literals;

/// HAProxy's words that end a section and begin another one (its configuration manual, chapter 2).
constexpr std::array section_words{
    "global"sv,  "defaults"sv,  "frontend"sv,    "backend"sv,     "listen"sv,   "peers"sv,
    "mailers"sv, "resolvers"sv, "userlist"sv,    "cache"sv,       "program"sv,  "ring"sv,
    "traces"sv,  "fcgi-app"sv,  "http-errors"sv, "log-forward"sv, "crt-store"sv};

std::string at(const std::string& path, std::size_t index) {
  return path + '[' + std::to_string(index) + ']';
}

std::string_view first_word(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return text.substr(0, text.find(' '));
}

class Judge {
 public:
  explicit Judge(const ClusterConfig& config) : config_(config) {
    for (const auto& service : config.services) {
      for (const auto& vip : service.vips) {
        taken_[{vip.address.address, service.port}] = &service;
      }
    }
  }

  std::vector<Finding> run() {
    for (std::size_t i = 0; i < config_.services.size(); ++i) {
      const auto& haproxy = config_.services[i].haproxy;
      const auto path = at("spec.services", i) + ".haproxy";
      if (haproxy.stats) judge_stats(config_.services[i], *haproxy.stats, path + ".stats");
      const auto extra = path + ".extraConfig";
      judge_lines(haproxy.extra.global, extra + ".global");
      judge_lines(haproxy.extra.defaults, extra + ".defaults");
      judge_lines(haproxy.extra.frontend, extra + ".frontend");
      judge_lines(haproxy.extra.backend, extra + ".backend");
    }
    return std::move(findings_);
  }

 private:
  void find(std::string path, std::string sentence) {
    findings_.push_back({std::move(path), {}, std::move(sentence)});
  }

  void judge_stats(const ServiceConfig& service, const StatsConfig& stats,
                   const std::string& path) {
    const auto& file = stats.credentials_file;
    if (!file.starts_with('/') || file.find_first_of("\n\r\t") != std::string::npos) {
      find(path + ".credentialsFile",
           "credentialsFile must be an absolute path, like /etc/hapx/stats.credentials, not " +
               shown(file));
    }
    if (stats.port == 0) {
      find(path + ".port", "port 0 means \"any port\"; choose one from 1 to 65535");
      return;
    }
    for (const auto& vip : service.vips) {
      const auto [other, is_new] =
          taken_.emplace(std::pair{vip.address.address, stats.port}, &service);
      if (is_new) continue;
      find(path + ".port", to_string(Endpoint{vip.address.address, stats.port}) +
                               " is where service " + shown(other->second->name.text()) +
                               " listens; choose another port, like 32700");
    }
  }

  void judge_lines(const std::vector<ConfigLine>& lines, const std::string& path) {
    if (lines.size() > extra_lines_max) {
      find(path, "there are " + std::to_string(lines.size()) + " lines; the most is " +
                     std::to_string(extra_lines_max) + "; remove some");
    }
    for (std::size_t i = 0; i < lines.size(); ++i) judge_line(lines[i].text, at(path, i));
  }

  void judge_line(const std::string& text, const std::string& path) {
    const auto word = first_word(text);
    if (text.size() > extra_line_bytes_max) {
      find(path, "the line is longer than " + std::to_string(extra_line_bytes_max) + " bytes");
    } else if (std::ranges::any_of(text,
                                   [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; })) {
      find(path,
           "a line of HAProxy's config has no line break and no other control character; write "
           "each line as an item of its own");
    } else if (word.empty()) {
      find(path, "the line is empty; remove it");
    } else if (std::ranges::find(section_words, word) != section_words.end()) {
      find(path,
           shown(word) + " begins a section of its own; only lines of the section can be appended");
    }
  }

  const ClusterConfig& config_;
  std::vector<Finding> findings_;
  std::map<std::pair<IpAddress, std::uint16_t>, const ServiceConfig*> taken_;
};

}  // namespace

std::vector<Finding> validate_haproxy(const ClusterConfig& config) {
  return Judge(config).run();
}

}  // namespace hapx
