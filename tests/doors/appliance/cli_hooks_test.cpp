// SPDX-License-Identifier: Apache-2.0
// `hapx hooks`: real programs, and a real listener behind HTTPS.
#include <array>
#include <chrono>
#include <csignal>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "certificates.hpp"
#include "cli_rig.hpp"

namespace hapx::appliance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Whom hooks post to; see hook_listener.py.
class Listener {
 public:
  Listener(fs::path out, const std::vector<std::string>& certificate) : out_(std::move(out)) {
    std::array<int, 2> input{};
    if (::pipe2(input.data(), O_CLOEXEC) != 0) std::abort();
    std::vector<std::string> words{"/usr/bin/python3", "-B",
                                   HAPX_SOURCE_DIR "/tests/doors/appliance/hook_listener.py"};
    words.insert(words.end(), certificate.begin(), certificate.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(::open(out_.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDOUT_FILENO);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(input[0]);
    input_ = Descriptor(input[1]);
    EXPECT_TRUE(comes([&] { return heard().find('\n') != std::string::npos; }));
    port_ = heard().substr(0, heard().find('\n'));
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  [[nodiscard]] std::string url(const std::string& path, const char* scheme = "https") const {
    return std::string(scheme) + "://127.0.0.1:" + port_ + path;
  }
  [[nodiscard]] std::string heard() const { return content(out_); }

 private:
  fs::path out_;
  Descriptor input_;
  pid_t child_ = -1;
  std::string port_;
};

class CliHooks : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    now_ = Instant(std::chrono::hours(1));  // what the rig has in its journal is long ago
    write("ca.crt", authority_.certificate());
    const auto own = authority_.issue({"hooks", {ipv4(127, 0, 0, 1)}});
    write("listener.crt", own.certificate);
    write("listener.key", own.key);
  }

  Listener listen() {
    return {folder_ / "heard", {folder_ / "listener.crt", folder_ / "listener.key"}};
  }

  /// The good file with these hooks, each in YAML's flow style without braces.
  std::string file_with(const std::vector<std::string>& hooks) {
    std::string text = std::string(good_file) + (hooks.empty() ? "" : "  hooks:\n");
    for (const auto& hook : hooks) text += "    - {" + hook + "}\n";
    // As whoever changes it while it is read does it.
    write("hapx.yaml.new", text);
    fs::rename(folder_ / "hapx.yaml.new", folder_ / "hapx.yaml");
    return folder_ / "hapx.yaml";
  }

  std::string script(const std::string& name, const std::string& text) {
    const std::string file = write(name, "#!/bin/sh\n" + text);
    ::chmod(file.c_str(), 0755);
    return file;
  }

  std::string posted_to(const std::string& url, const std::string& more = "") {
    return "name: team, events: [lease, takeover], url: \"" + url +
           "\", caFile: " + (folder_ / "ca.crt").string() + more;
  }

  void happens(EventKind kind, const std::string& sentence) {
    meanwhile([&] {
      journal_.record({now_, kind, ServiceName("api"), std::nullopt, sentence, "because"});
    });
  }

  test::Authority authority_{"hooks' CA"};
};

TEST_F(CliHooks, TryRunsAProgram) {
  serve();
  const auto program = script("tell", "echo \"$HAPX_EVENT on $HAPX_NODE with $1\"; cat\n");
  const auto file =
      file_with({"name: team, events: [takeover], command: [" + program + ", 'a b']"});
  const Ran ran = hapx({"hooks", "try", "team", file});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out,
              StartsWith("takeover on node1 with a b\n{\"text\":\"kube-demo, node1: this is "
                         "a test of the hook team"));
  EXPECT_THAT(ran.out, HasSubstr("\nhook team: told in 0."));
}

TEST_F(CliHooks, TrySaysWhatAProgramComplainsOf) {
  const auto bad = script("bad", "echo something; echo 'no such team' >&2; exit 7\n");
  const auto file = file_with({"name: bad, events: [order], command: [" + bad + "]",
                               "name: none, events: [order], command: [/nowhere/tell]",
                               "name: slow, events: [order], command: [/bin/sleep, '1000'], "
                               "timeout: 200ms"});
  const Ran ran = hapx({"hooks", "try", "bad", file});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "hapx: hook bad: " + bad + " ended with 7: no such team\n");
  EXPECT_EQ(hapx({"hooks", "try", "none", file}).err,
            "hapx: hook none: /nowhere/tell ended with 127: /nowhere/tell: No such file or "
            "directory\n");
  EXPECT_EQ(hapx({"hooks", "try", "slow", file}).err,
            "hapx: hook slow: /bin/sleep 1000: no end in the time given to it\n");
  EXPECT_EQ(hapx({"hooks", "try", "bid", file}).err,
            "hapx: there is no hook `bid`; did you mean `bad`?\n");
  EXPECT_EQ(hapx({"hooks", "try", "bid", write("none.yaml", good_file)}).err,
            "hapx: there is no hook `bid`; the file has none\n");
}

TEST_F(CliHooks, TryPostsOverHttps) {
  serve();
  const Listener listener = listen();
  const auto token = write("token", "s3cret\n");
  ::chmod(token.c_str(), 0640);
  const auto file = file_with({posted_to(listener.url("/a?b=c"), ", tokenFile: " + token)});
  const Ran ran = hapx({"hooks", "try", "team", file, "-o", "json"});
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.out, StartsWith(R"({"hook":"team","told":true,"sentence":"","tookMs":)"));
  EXPECT_THAT(listener.heard(), HasSubstr(R"({"path": "/a?b=c")"));
  EXPECT_THAT(listener.heard(), HasSubstr(R"("Authorization": "Bearer s3cret")"));
  EXPECT_THAT(listener.heard(), HasSubstr(R"("Content-Type": "application/json")"));
  EXPECT_THAT(listener.heard(), HasSubstr(R"("User-Agent": "hapx/)"));
  EXPECT_THAT(listener.heard(), HasSubstr(R"("test": true)"));
  ::chmod(token.c_str(), 0644);
  EXPECT_EQ(hapx({"hooks", "try", "team", file}).err,
            "hapx: hook team: " + token +
                " is open to everybody, so what it has is no secret; run "
                "`chmod 0640 " +
                token + "`\n");
}

TEST_F(CliHooks, TryPostsToAUrlThatIsASecret) {
  const Listener listener = listen();
  const auto url = write("chat.url", listener.url("/T0/B0/xyz") + "\n");
  ::chmod(url.c_str(), 0600);
  const auto file = file_with({"name: chat, events: [order], urlFile: " + url +
                               ", caFile: " + (folder_ / "ca.crt").string()});
  EXPECT_EQ(hapx({"hooks", "try", "chat", file}).status, 0);
  EXPECT_THAT(listener.heard(), HasSubstr(R"({"path": "/T0/B0/xyz")"));
  write("chat.url", "http://example.org/T0/B0/xyz\n");
  EXPECT_EQ(hapx({"hooks", "try", "chat", file}).err,
            "hapx: hook chat: " + url +
                ": whoever sees the network would read what is posted to `example.org`; use "
                "https://, as is "
                "right everywhere but on this machine\n");
  write("chat.url", "two words\n");
  EXPECT_EQ(hapx({"hooks", "try", "chat", file}).err,
            "hapx: hook chat: " + url +
                ": the URL must stand there alone: one line, without "
                "blanks\n");
}

TEST_F(CliHooks, TrySaysWhyNothingWasPosted) {
  const Listener listener = listen();
  const auto try_it = [&](const std::string& hook) {
    const Ran ran = hapx({"hooks", "try", "team", file_with({hook})});
    EXPECT_EQ(ran.status, 1) << hook;
    EXPECT_THAT(ran.err, StartsWith("hapx: hook team: "));
    return ran.err;
  };
  EXPECT_EQ(try_it(posted_to(listener.url("/404"))), "hapx: hook team: answered with 404\n");
  EXPECT_EQ(try_it(posted_to(listener.url("/302"))),
            "hapx: hook team: answered with 302: it is elsewhere, and who that is must stand in "
            "the file\n");
  EXPECT_THAT(try_it(posted_to(listener.url("/silent"), ", timeout: 300ms")),
              HasSubstr("timed out"));
  EXPECT_THAT(try_it(posted_to(listener.url("/drip"), ", timeout: 1500ms")),
              HasSubstr("timed out"));
  EXPECT_THAT(try_it("name: team, events: [order], url: '" + listener.url("/") + "'"),
              HasSubstr("certificate"));
  EXPECT_THAT(try_it(posted_to("https://127.0.0.1:1/secret-path")),
              testing::AllOf(HasSubstr("connect"), Not(HasSubstr("secret-path"))));
  EXPECT_THAT(try_it(posted_to("https://no.such.host.invalid/")), HasSubstr("esolv"));
}

/// Who has answered is not told again, however its answer ends.
TEST_F(CliHooks, AnAnswerThatIsCutOffIsAnAnswer) {
  const Listener listener = listen();
  const Ran ran = hapx({"hooks", "try", "team", file_with({posted_to(listener.url("/cut"))})});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(hapx({"hooks", "try", "team", file_with({posted_to(listener.url("/cut/404"))})}).err,
            "hapx: hook team: answered with 404\n");
}

/// What is for this machine alone goes through no proxy; what a proxy's name has is shown to
/// nobody.
TEST_F(CliHooks, AProxyIsForHttpsAlone) {
  const Listener listener(folder_ / "heard", {});
  environment_ = {"all_proxy=http://me:secret@127.0.0.1:1"};
  const auto open = "name: team, events: [order], url: '" + listener.url("/x", "http") + "'";
  EXPECT_EQ(hapx({"hooks", "try", "team", file_with({open})}).status, 0);
  const Ran proxied =
      hapx({"hooks", "try", "team", file_with({posted_to("https://127.0.0.2:9/")})});
  EXPECT_EQ(proxied.status, 1);
  EXPECT_THAT(proxied.err, Not(HasSubstr("secret")));
  environment_ = {"all_proxy=no-such-scheme://me:secret@127.0.0.1:1"};
  EXPECT_EQ(hapx({"hooks", "try", "team", file_with({posted_to("https://127.0.0.2:9/")})}).err,
            "hapx: hook team: the environment's proxy can't be used\n");
}

/// What is answered is not read to an end that never comes.
TEST_F(CliHooks, AnAnswerWithoutAnEndIsAnAnswer) {
  const Listener listener = listen();
  const Ran ran = hapx({"hooks", "try", "team", file_with({posted_to(listener.url("/flood"))})});
  EXPECT_EQ(ran.status, 0) << ran.err;
}

TEST_F(CliHooks, RunTellsOfWhatHappens) {
  serve();
  const Listener listener = listen();
  const auto program = script("tell", "cat >> " + (folder_ / "told").string() + "\n");
  const auto file = file_with({posted_to(listener.url("/busy")),
                               "name: local, events: [quorum], command: [" + program + "]"});
  Running running = start({"hooks", "run", file});
  ASSERT_TRUE(running.says(file + ": 2 hooks: team, local\n"));
  happens(EventKind::lease, "the lease is lost");
  happens(EventKind::quorum, "quorum is lost");
  happens(EventKind::backend, "a kube-apiserver went");
  EXPECT_TRUE(running.says("hook local: quorum: told\n"));
  EXPECT_TRUE(running.says("hook team: lease: answered with 503; trying again in 1s\n"));
  EXPECT_TRUE(running.says("hook team: lease: answered with 503; trying again in 2s\n"));
  EXPECT_TRUE(running.says("hook team: lease: told\n"));
  EXPECT_THAT(listener.heard(), HasSubstr("the lease is lost"));
  EXPECT_THAT(listener.heard(), Not(HasSubstr("the lease of api is ours"))) << "it was before us";
  EXPECT_THAT(content(folder_ / "told"), HasSubstr("\"sentence\":\"quorum is lost\""));
  EXPECT_THAT(content(folder_ / "told"), Not(HasSubstr("kube-apiserver went")));
  running.signal(SIGTERM);
  EXPECT_EQ(running.end().status, 130);
}

TEST_F(CliHooks, OneThatHangsOrFloodsKeepsNobodyWaiting) {
  serve();
  const Listener listener = listen();
  const auto told = (folder_ / "told").string();
  const auto file = file_with(
      {"name: hangs, events: [lease], command: [/bin/sleep, '1000'], "
       "timeout: 5m",
       "name: floods, events: [lease], command: [/usr/bin/yes], timeout: 5m",
       posted_to(listener.url("/silent"), ", timeout: 5m"),
       "name: works, events: [lease], command: [" + script("tell", "cat >> " + told + "\n") + "]"});
  Running running = start({"hooks", "run", file});
  ASSERT_TRUE(running.says("4 hooks"));
  for (std::size_t i = 1; i <= 5; ++i) {
    happens(EventKind::lease, "lease " + std::to_string(i));
    EXPECT_TRUE(running.says("hook works: lease: told\n", i));
  }
  EXPECT_THAT(content(told), HasSubstr("lease 5"));
  running.signal(SIGTERM);
  EXPECT_EQ(running.end().status, 130) << "what hangs is ended";
}

TEST_F(CliHooks, RunTakesAChangedFileAndKeepsWhatItHasWhenItIsBad) {
  serve();
  const auto told = (folder_ / "told").string();
  const auto program = script("tell", "cat >> " + told + "\n");
  const auto hook = "name: local, events: [lease], command: [" + program + "]";
  const auto file = file_with({});
  Running running = start({"hooks", "run", file});
  ASSERT_TRUE(running.says(file + ": no hooks; waiting for a file that has some\n"));
  file_with({hook});
  ASSERT_TRUE(running.says("1 hook: local\n"));
  file_with({"name: local"});
  ASSERT_TRUE(
      running.says("`events` is missing in spec.hooks[0]; add it; the hooks stay as they "
                   "were\n"));
  happens(EventKind::lease, "the lease is lost");
  EXPECT_TRUE(running.says("hook local: lease: told\n"));
  file_with({hook, "name: more, events: [order], command: [" + program + "]"});
  EXPECT_TRUE(running.says("2 hooks: local, more\n"));
}

TEST_F(CliHooks, RunGoesOnWhileHapxdIsAway) {
  serve();
  const auto program = script("tell", "cat >> " + (folder_ / "told").string() + "\n");
  Running running = start(
      {"hooks", "run", file_with({"name: local, events: [lease], command: [" + program + "]"})});
  ASSERT_TRUE(running.says("1 hook"));
  happens(EventKind::lease, "the first");
  ASSERT_TRUE(running.says("hook local: lease: told\n"));
  stop();
  EXPECT_TRUE(running.says("asking again until it does"));
  journal_ = {};
  journal_.record(
      {now_, EventKind::lease, ServiceName("api"), std::nullopt, "the second", "hapxd began anew"});
  serve();
  EXPECT_TRUE(running.says("hook local: lease: told\n", 2));
  EXPECT_THAT(content(folder_ / "told"), HasSubstr("the second"));
}

TEST_F(CliHooks, RunRefusesABadFile) {
  const Ran ran = hapx({"hooks", "run", file_with({"name: local"})});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("`events` is missing"));
  EXPECT_EQ(hapx({"hooks", "run", "/nowhere/hapx.yaml"}).status, 1);
}

}  // namespace
}  // namespace hapx::appliance
