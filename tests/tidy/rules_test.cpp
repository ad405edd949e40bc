// SPDX-License-Identifier: Apache-2.0
// A rule counts once a planted violation has tripped it, and the innocent neighbour has not.
#include "rules.hpp"

#include <gtest/gtest.h>

namespace hapx::tidy {
namespace {

using Check = void (*)(const Source&, Findings&);

std::vector<std::string> sentences(Check check, const std::string& path, const std::string& text) {
  Findings findings;
  check(read_source(path, text), findings);
  std::vector<std::string> out;
  for (const Finding& finding : findings) {
    out.push_back(std::to_string(finding.line) + ": " + finding.sentence);
  }
  return out;
}

using None = std::vector<std::string>;

bool includes(const std::string& from, const std::string& what) {
  return sentences(check_rooms, from, "#include \"" + what + "\"\n").empty();
}

bool includes_library(const std::string& from, const std::string& what) {
  return sentences(check_third_party, from, "#include <" + what + ">\n").empty();
}

std::string code_of(const std::string& text) {
  return read_source("a.cpp", text).code.at(0);
}

TEST(TidySource, CommentsAndLiteralsAreNoCode) {
  EXPECT_EQ(code_of("f(); // std::cout"), "f();             ");
  EXPECT_EQ(code_of("f(\"getenv\");"), "f(        );");
  EXPECT_EQ(code_of("f(\"a\\\"b\"); g();"), "f(      ); g();");
  EXPECT_EQ(code_of("f('\"'); g();"), "f(   ); g();");
  EXPECT_EQ(code_of("x = 1'000; g('a');"), "x = 1'000; g(   );");
  EXPECT_EQ(code_of("f(R\"(a\"b)\"); g();"), "f(        ); g();");
  EXPECT_EQ(code_of("/* a */ g();"), "        g();");
}

TEST(TidySource, WordsStandAlone) {
  EXPECT_TRUE(has_word("x = getenv(y)", "getenv"));
  EXPECT_FALSE(has_word("my_getenv(y)", "getenv"));
  EXPECT_FALSE(has_word("snprintf(x)", "printf"));
  EXPECT_TRUE(has_word("std::printf(x)", "printf"));
  EXPECT_TRUE(has_word("= ::socket(AF_INET", "::socket("));
}

TEST(TidyRooms, IncludeDownwardsOnly) {
  EXPECT_TRUE(includes("config/net.cpp", "config/net.hpp"));
  EXPECT_FALSE(includes("config/net.cpp", "config/io/file.hpp"));
  EXPECT_FALSE(includes("config/net.cpp", "vip/holder.hpp"));
  EXPECT_TRUE(includes("vip/holder.cpp", "config/time.hpp"));
  EXPECT_TRUE(includes("vip/io/rtnetlink.cpp", "vip/address_message.hpp"));
  EXPECT_TRUE(includes("vip/io/rtnetlink.cpp", "config/io/clock.hpp"));
  EXPECT_FALSE(includes("vip/holder.cpp", "vip/io/rtnetlink.hpp"));
  EXPECT_FALSE(includes("vip/holder.cpp", "appliance/event.hpp"));
}

TEST(TidyRooms, SiblingsNeverSeeEachOther) {
  EXPECT_FALSE(includes("vip/holder.cpp", "membership/view.hpp"));
  EXPECT_FALSE(includes("vip/io/rtnetlink.cpp", "lb-supervisor/fitness.hpp"));
  EXPECT_FALSE(includes("membership/io/udp_link.cpp", "vip/io/packet_socket.hpp"));
}

TEST(TidyRooms, TheAppliancesPurePartSeesNoDoor) {
  EXPECT_TRUE(includes("appliance/node.cpp", "vip/holder.hpp"));
  EXPECT_TRUE(includes("appliance/sim/world.cpp", "appliance/node.hpp"));
  EXPECT_FALSE(includes("appliance/node.cpp", "vip/io/rtnetlink.hpp"));
  EXPECT_FALSE(includes("appliance/sim/world.cpp", "appliance/io/daemon.hpp"));
  EXPECT_TRUE(includes("appliance/io/daemon.cpp", "vip/io/rtnetlink.hpp"));
  EXPECT_TRUE(includes("appliance/lab/io/lab.cpp", "appliance/io/log.hpp"));
  EXPECT_TRUE(includes("appliance/hapxd.cpp", "appliance/io/daemon.hpp"));
}

TEST(TidyRooms, IncludesAreWrittenFromTheRoot) {
  EXPECT_EQ(sentences(check_rooms, "vip/holder.cpp", "\n#include \"holder.hpp\"\n"),
            (std::vector<std::string>{"2: write the include from the root: holder.hpp"}));
  EXPECT_TRUE(includes("tests/unit/vip/holder_test.cpp", "rig.hpp"));
}

TEST(TidyThirdParty, StaysBehindItsFiles) {
  EXPECT_TRUE(includes_library("config/yaml.cpp", "yaml-cpp/parser.h"));
  EXPECT_FALSE(includes_library("config/parse.cpp", "yaml-cpp/parser.h"));
  EXPECT_FALSE(includes_library("config/yaml.hpp", "yaml-cpp/parser.h"));
  EXPECT_TRUE(includes_library("membership/codec.cpp", "openssl/evp.h"));
  EXPECT_FALSE(includes_library("membership/member.cpp", "openssl/evp.h"));
  EXPECT_FALSE(includes_library("vip/io/rtnetlink.cpp", "libmnl/libmnl.h"));
  EXPECT_FALSE(includes_library("appliance/node.cpp", "CLI/CLI.hpp"));
  EXPECT_TRUE(includes_library("vip/io/rtnetlink.cpp", "boost/asio/post.hpp"));
  EXPECT_FALSE(includes_library("vip/holder.cpp", "boost/asio/post.hpp"));
  EXPECT_TRUE(includes_library("appliance/hapxd.cpp", "boost/asio/io_context.hpp"));
  EXPECT_TRUE(includes_library("config/result.hpp", "boost/system/result.hpp"));
  EXPECT_FALSE(includes_library("vip/holder.cpp", "boost/algorithm/string.hpp"));
  EXPECT_FALSE(includes_library("appliance/status.cpp", "gtest/gtest.h"));
  EXPECT_TRUE(includes_library("tests/unit/vip/holder_test.cpp", "gtest/gtest.h"));
}

TEST(TidyPurity, OnlyDoorsAndMainsTouchTheWorld) {
  for (const char* line :
       {"auto t = std::chrono::steady_clock::now();", "std::chrono::system_clock::time_point t;",
        "clock_gettime(CLOCK_BOOTTIME, &t);", "std::thread t;", "std::mutex m;",
        "int fd = ::socket(AF_INET, 0, 0);", "auto* e = getenv(\"HOME\");", "std::cout << 1;",
        "std::cerr << 1;", "printf(\"x\");", "std::this_thread::sleep_for(1ms);",
        "std::ifstream file(path);", "std::random_device seed;",
        "std::unordered_map<int, int> m;"}) {
    EXPECT_EQ(sentences(check_purity, "vip/holder.cpp", line).size(), 1U) << line;
    EXPECT_EQ(sentences(check_purity, "appliance/sim/world.cpp", line).size(), 1U) << line;
    EXPECT_EQ(sentences(check_purity, "vip/io/rtnetlink.cpp", line), None{}) << line;
    EXPECT_EQ(sentences(check_purity, "appliance/hapx.cpp", line), None{}) << line;
    EXPECT_EQ(sentences(check_purity, "tests/doors/vip/a_test.cpp", line), None{}) << line;
  }
  EXPECT_EQ(sentences(check_purity, "vip/holder.cpp", "// not even std::cout\n"), None{});
}

TEST(TidyPurity, NobodyThrows) {
  EXPECT_EQ(sentences(check_purity, "vip/io/rtnetlink.cpp", "throw 1;").size(), 1U);
  EXPECT_EQ(sentences(check_purity, "vip/io/rtnetlink.cpp", "f();  // may throw\n"), None{});
  EXPECT_EQ(sentences(check_purity, "appliance/cli/verbs.cpp", "throw CLI::Error();"), None{});
  EXPECT_EQ(sentences(check_purity, "appliance/cli/verbs.cpp", "throw Error();").size(), 1U);
  EXPECT_EQ(sentences(check_purity, "vip/holder.cpp", "throw CLI::Error();").size(), 1U);
}

constexpr auto licence = "// SPDX-License-Identifier: Apache-2.0\n";

TEST(TidyOpening, SaysTheLicenceAndTheQuestion) {
  EXPECT_EQ(sentences(check_opening, "vip/a.cpp", licence), None{});
  EXPECT_EQ(sentences(check_opening, "vip/a.cpp", "#include <map>\n").size(), 1U);
  EXPECT_EQ(sentences(check_opening, "vip/a.cpp", "").size(), 1U);
  EXPECT_EQ(sentences(check_opening, "a.sh", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"),
            None{});
  const std::string head = licence;
  EXPECT_EQ(sentences(check_opening, "vip/a.hpp", head + "// What is it?\n#pragma once\n"), None{});
  EXPECT_EQ(sentences(check_opening, "vip/a.hpp", head + "#pragma once\n").size(), 1U);
  EXPECT_EQ(sentences(check_opening, "vip/a.hpp", head + "// What is it?\n").size(), 1U);
}

TEST(TidySizes, HaveLimits) {
  EXPECT_EQ(sentences(check_sizes, "a.cpp", std::string(100, 'x') + "\n"), None{});
  EXPECT_EQ(sentences(check_sizes, "a.cpp", std::string(101, 'x') + "\n").size(), 1U);
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
  EXPECT_EQ(sentences(check_sizes, "a.cpp", umlauts + "\n"), None{});
  EXPECT_EQ(sentences(check_sizes, "a.cpp", "a;\tb;\n").size(), 1U);
  EXPECT_EQ(sentences(check_sizes, "a.cpp", "a; \n").size(), 1U);
  EXPECT_EQ(sentences(check_sizes, "a.cpp", "a;").size(), 1U);
  std::string many;
  for (int i = 0; i < 501; ++i) many += "a;\n";
  EXPECT_EQ(sentences(check_sizes, "a.cpp", many).size(), 1U);
}

std::string function_of(int lines, const std::string& indent) {
  std::string text = indent + "int f(int x) {\n";
  for (int i = 2; i < lines; ++i) text += indent + "  g();\n";
  return text + indent + "}\n";
}

TEST(TidySizes, FunctionsAreShort) {
  EXPECT_EQ(sentences(check_sizes, "vip/a.cpp", function_of(75, "")), None{});
  EXPECT_EQ(sentences(check_sizes, "vip/a.cpp", function_of(76, "")).size(), 1U);
  EXPECT_EQ(
      sentences(check_sizes, "vip/a.cpp", "class A {\n" + function_of(76, "  ") + "};\n").size(),
      1U);
  EXPECT_EQ(sentences(check_sizes, "vip/a.cpp", function_of(60, "") + function_of(60, "")), None{});
  EXPECT_EQ(sentences(check_sizes, "tests/unit/vip/a_test.cpp", function_of(76, "")), None{});
}

TEST(TidyWords, NotesAndPathsStayAtHome) {
  const std::string note = std::string("// TO") + "DO: later\n";
  EXPECT_EQ(sentences(check_words, "a.cpp", note).size(), 1U);
  const std::string path = std::string("f(\"/ho") + "me/me/x\");\n";
  EXPECT_EQ(sentences(check_words, "a.cpp", path).size(), 1U);
}

TEST(TidyWords, MarkedSentencesAreSentences) {
  EXPECT_EQ(sentences(check_words, "a.hpp", "// Safety: it is\n// so.\n"), None{});
  EXPECT_EQ(sentences(check_words, "a.hpp", "/// Liveness: it is so.\n"), None{});
  EXPECT_EQ(sentences(check_words, "a.hpp", "// Safety: it is\n// so\nint x;\n").size(), 1U);
}

TEST(TidyOpening, AFuzzTargetSaysTheQuestion) {
  const std::string head = licence;
  EXPECT_EQ(sentences(check_opening, "tests/fuzz/a.cpp", head + "// Is it?\n"), None{});
  EXPECT_EQ(sentences(check_opening, "tests/fuzz/a.cpp", head + "#include <map>\n").size(), 1U);
}

std::vector<std::string> not_fuzzed(const std::string& header, const std::string& target) {
  Findings findings;
  check_parsers({read_source("vip/a.hpp", header), read_source("tests/fuzz/a.cpp", target)},
                findings);
  std::vector<std::string> out;
  for (const Finding& finding : findings) out.push_back(finding.sentence);
  return out;
}

TEST(TidyParsers, AreFuzzed) {
  for (const char* name : {"parse_it", "decode", "decode_it", "it_from_json"}) {
    const std::string header = std::string("Result<It> ") + name + "(std::string_view text);\n";
    EXPECT_EQ(not_fuzzed(header, std::string("auto it = ") + name + "(text);\n"), None{}) << name;
    EXPECT_EQ(not_fuzzed(header, std::string("// ") + name + "(text)\n").size(), 1U) << name;
    EXPECT_EQ(not_fuzzed(header, std::string("auto it = un") + name + "(text);\n").size(), 1U);
  }
  EXPECT_EQ(not_fuzzed("int f(int parse_me);\n", ""), None{});
  EXPECT_EQ(not_fuzzed("// parse_it(text)\n", ""), None{});
}

TEST(TidyCheck, AppliesEveryRule) {
  const std::string text =
      "#pragma once\n#include \"appliance/node.hpp\"\n#include <yaml-cpp/yaml.h>\n"
      "std::mutex m;\t\n// Safety: x\n";
  EXPECT_EQ(check(read_source("vip/a.hpp", text)).size(), 6U);
}

}  // namespace
}  // namespace hapx::tidy
