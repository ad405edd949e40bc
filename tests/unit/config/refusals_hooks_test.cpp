// SPDX-License-Identifier: Apache-2.0
// Refusals of spec.hooks.
#include "config/validate_hooks.hpp"
#include "refusals.hpp"

namespace hapx::refusals {
namespace {

/// One hook, `keys` behind its name and events.
Case hook(std::string name, const std::string& keys, std::vector<std::string> refusals) {
  return {std::move(name), last_line, "  hooks: [{name: team, events: [order], " + keys + "}]\n",
          std::move(refusals)};
}

Case url(std::string name, const std::string& value, const std::string& sentence) {
  return hook(std::move(name), "url: " + value, {"f:15:46: " + sentence});
}

std::vector<Case> cases() {
  return {
      hook("NeitherRunNorPostedTo", "timeout: 1s",
           {"f:15:11: a hook is run or posted to; add `command`, `url` or `urlFile`"}),
      hook("RunAndPostedTo", "command: [/a], url: https://a",
           {"f:15:11: a hook is run or posted to; keep one of `command`, `url` and `urlFile`"}),
      hook("TwoUrls", "url: https://a, urlFile: /a",
           {"f:15:11: a hook is run or posted to; keep one of `command`, `url` and `urlFile`"}),
      hook("CaOfACommand", "command: [/a], caFile: /c",
           {"f:15:64: there is no URL whose certificate it could judge; remove it"}),
      hook("TokenOfACommand", "command: [/a], tokenFile: /c",
           {"f:15:67: there is no URL that would be shown it; remove it"}),
      hook("CaWithoutHttps", "url: 'http://[::1]', caFile: /c",
           {"f:15:70: there is no certificate without https; remove it"}),
      hook("RelativeProgram", "command: [tell]",
           {"f:15:51: a hook's program must be an absolute path, not `tell`; begin it with /"}),
      hook("CommandAsAText", "command: /bin/tell",
           {"f:15:50: `command` must be a list, not a single value; begin each item with a "
            "hyphen"}),
      hook("CommandOfAMap", "command: [/a, {b: c}]",
           {"f:15:55: a word of a command must be a text, not a map"}),
      hook("RelativeFile", "urlFile: a",
           {"f:15:50: urlFile must be an absolute path, not `a`; begin it with /"}),
      hook("NoTime", "command: [/a], timeout: 1ms",
           {"f:15:65: timeout must be from 100ms to 5m, not 1ms"}),
      hook("UnknownKey", "cmd: [/a]",
           {"f:15:41: unknown key `cmd`; the keys here are name, events, command, url, urlFile, "
            "caFile, tokenFile and timeout"}),
      url("NoUrl", "hooks.example.org",
          "this is no URL of https; write it like https://hooks.example.org/hapx"),
      url("InTheOpen", "http://10.0.0.9:8080/x",
          "whoever sees the network would read what is posted to `10.0.0.9`; use https://, as is "
          "right everywhere but on this machine"),
      url("WithAPassword", "https://me:secret@example.org/",
          "a name or a password has no place in this file; put it into a `tokenFile`"),
      url("WithAFragment", "'https://example.org/#x'",
          "what stands behind # is never sent; remove it"),
      url("WithABlank", "'https://example.org/a b'",
          "the URL contains a blank or a character beyond ASCII; write it as %20 and the like"),
      url("NoHost", "https:///x",
          "the URL names no host; write it like https://hooks.example.org/hapx"),
      {"NoEvents",
       last_line,
       "  hooks: [{name: team, events: [], command: [/a]}]\n",
       {"f:15:32: a hook without events is never told; name kinds of events"}},
      {"UnknownEvent",
       last_line,
       "  hooks: [{name: team, events: [takeovr], command: [/a]}]\n",
       {"f:15:33: unknown event `takeovr`; did you mean `takeover`?"}},
      {"EventTwice",
       last_line,
       "  hooks: [{name: team, events: [order, order], command: [/a]}]\n",
       {"f:15:32: `order` stands twice; remove one of them"}},
      {"EventsMissing",
       last_line,
       "  hooks: [{name: team, command: [/a]}]\n",
       {"f:15:11: `events` is missing in spec.hooks[0]; add it"}},
      {"BadName",
       last_line,
       "  hooks: [{name: The_Team, events: [order], command: [/a]}]\n",
       {"f:15:18: `The_Team` can't be the name of a hook: a name has 1 to 63 lower-case letters, "
        "digits and hyphens and begins and ends with a letter or digit; did you mean "
        "`the-team`?"}},
      {"SameNames",
       last_line,
       "  hooks:\n    - {name: a, events: [order], command: [/a]}\n"
       "    - {name: a, events: [order], command: [/b]}\n",
       {"f:17:14: there are two hooks `a`; rename one"}},
  };
}

class BadHook : public testing::TestWithParam<Case> {};

TEST_P(BadHook, IsRefused) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, BadHook, testing::ValuesIn(cases()),
                         [](const auto& each) { return each.param.name; });

TEST(Hooks, MayBeAsManyAndAsLongAsIsSaid) {
  auto config = *parse_config(good_file(), "f");
  HookConfig hook;
  hook.events = {EventKind::order};
  hook.command.assign(hook_words_max, std::string(hook_word_bytes_max, 'x'));
  hook.command.front() = "/a";
  for (std::size_t i = 0; i < hooks_max; ++i) {
    hook.name = "hook-" + std::to_string(i);
    config.hooks.push_back(hook);
  }
  EXPECT_TRUE(validate(config).empty());
  config.hooks.push_back(hook);
  config.hooks.back().name = "last";
  config.hooks[0].command.emplace_back("x");
  config.hooks[1].command[1] += 'x';
  config.hooks[2].command[1] = std::string("a\0b", 3);
  std::vector<std::string> paths;
  for (const auto& finding : validate(config)) paths.push_back(finding.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"spec.hooks", "spec.hooks[0].command",
                                             "spec.hooks[1].command", "spec.hooks[2].command"}));
}

TEST(Hooks, MayBePostedToInTheOpenOnThisMachine) {
  for (const char* good :
       {"https://example.org", "https://10.0.0.9:8443/a?b=c", "http://127.0.0.1",
        "http://localhost:80/x", "http://[::1]:9093/hapx", "https://[2001:db8::1]"}) {
    EXPECT_EQ(url_problem(good), std::nullopt) << good;
  }
  for (const char* bad : {"", "https://", "http://", "ftp://x", "HTTPS://x", "http://[::2]/",
                          "http://localhost.example.org", "https://[", "http://127.0.0.1@evil.org",
                          "https://a\tb", "https://\xc3\xa4.org"}) {
    EXPECT_NE(url_problem(bad), std::nullopt) << bad;
  }
  EXPECT_NE(url_problem("https://a/" + std::string(url_bytes_max, 'x')), std::nullopt);
}

}  // namespace
}  // namespace hapx::refusals
