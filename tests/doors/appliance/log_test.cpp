// SPDX-License-Identifier: Apache-2.0
#include "appliance/io/log.hpp"

#include <array>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace hapx::appliance {
namespace {

using testing::EndsWith;
using testing::MatchesRegex;

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader = Descriptor(ends[0]);
    writer = Descriptor(ends[1]);
    ::fcntl(reader.number(), F_SETFL, O_NONBLOCK);
  }
  std::string read() const {
    std::string out;
    char block[4096];
    for (ssize_t got = 0; (got = ::read(reader.number(), block, sizeof(block))) > 0;) {
      out.append(block, static_cast<std::size_t>(got));
    }
    return out;
  }
  Descriptor reader;
  Descriptor writer;
};

TEST(LogDoor, WritesALineWithTimeAndLevel) {
  const Pipe pipe;
  Log log = Log::open(pipe.writer.number(), nullptr);
  log.write(LogLevel::warning, "node2 is\ndead");
  EXPECT_THAT(pipe.read(),
              MatchesRegex("2[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z warning: node2 is.dead\n"));
}

TEST(LogDoor, LeavesOutWhatIsBelowItsLevel) {
  const Pipe pipe;
  Log log = Log::open(pipe.writer.number(), nullptr);
  log.write(LogLevel::debug, "detail");
  EXPECT_EQ(pipe.read(), "");
  log.set_least(LogLevel::debug);
  log.write(LogLevel::debug, "detail");
  EXPECT_THAT(pipe.read(), EndsWith("debug: detail\n"));
}

TEST(LogDoor, SpeaksTheJournalsLanguageOnlyOnItsSocket) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  const Descriptor journal(ends[0]);
  const Descriptor stderr_like(ends[1]);
  struct stat facts {};
  ASSERT_EQ(::fstat(stderr_like.number(), &facts), 0);
  const std::string id = std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
  Log log = Log::open(stderr_like.number(), id.c_str());
  log.write(LogLevel::error, "bad");
  log.write(LogLevel::info, "good");
  char block[256];
  const ssize_t got = ::recv(journal.number(), block, sizeof(block), 0);
  ASSERT_GT(got, 0);
  EXPECT_EQ(std::string(block, static_cast<std::size_t>(got)), "<3>bad\n<6>good\n");

  Log other = Log::open(stderr_like.number(), "8:15");
  other.write(LogLevel::error, "bad");
  ASSERT_GT(::recv(journal.number(), block, sizeof(block), 0), 0);
  EXPECT_NE(block[0], '<');
}

/// The journal: a stream for lines, and a socket for fields.
struct JournalSockets {
  JournalSockets() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    lines = Descriptor(ends[0]);
    stderr_like = Descriptor(ends[1]);
    struct stat facts {};
    EXPECT_EQ(::fstat(stderr_like.number(), &facts), 0);
    id = std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino);
    path = testing::TempDir() + "hapx-journal-" + std::to_string(::getpid());
    fields = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ::unlink(path.c_str());
    EXPECT_EQ(::bind(fields.number(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~JournalSockets() { ::unlink(path.c_str()); }

  static std::string read(const Descriptor& from) {
    std::array<char, 8192> block{};
    const ssize_t got = ::recv(from.number(), block.data(), block.size(), 0);
    return got > 0 ? std::string(block.data(), static_cast<std::size_t>(got)) : std::string();
  }

  Descriptor lines;
  Descriptor stderr_like;
  Descriptor fields;
  std::string id;
  std::string path;
};

TEST(LogDoor, TellsTheJournalWhatAnEventIsAbout) {
  const JournalSockets journal;
  Log log = Log::open(journal.stderr_like.number(), journal.id.c_str(), journal.path.c_str());
  log.write({LogLevel::notice, "api: won\nthe lease", EventKind::lease, "api", "lease-won"});
  EXPECT_EQ(JournalSockets::read(journal.fields),
            "MESSAGE=api: won?the lease\nPRIORITY=5\nSYSLOG_IDENTIFIER=hapxd\nMESSAGE_ID=" +
                std::string(message_id(EventKind::lease)) +
                "\nHAPX_EVENT=lease\nHAPX_SERVICE=api\nHAPX_PHASE=lease-won\n");
  EXPECT_EQ(JournalSockets::read(journal.lines), "") << "once is enough";
  log.write({LogLevel::notice, "quorum is won", EventKind::quorum});
  const std::string plain = JournalSockets::read(journal.fields);
  EXPECT_EQ(plain.find("HAPX_SERVICE"), plain.npos);
  log.write(LogLevel::warning, "no event");
  EXPECT_EQ(JournalSockets::read(journal.fields), "");
  EXPECT_EQ(JournalSockets::read(journal.lines), "<4>no event\n");
}

TEST(LogDoor, AJournalThatTakesNoFieldsGetsLines) {
  const WriteLog event{LogLevel::notice, "quorum is won", EventKind::quorum};
  const JournalSockets journal;
  Log absent = Log::open(journal.stderr_like.number(), journal.id.c_str(), "/nonexistent/socket");
  absent.write(event);
  EXPECT_EQ(JournalSockets::read(journal.lines), "<5>quorum is won\n");
  // Nobody reads any more: what the kernel keeps for him is full sooner or later.
  Log log = Log::open(journal.stderr_like.number(), journal.id.c_str(), journal.path.c_str());
  std::string line;
  for (int i = 0; i < 150 && line.empty(); ++i) {
    log.write({LogLevel::notice, std::string(2000, 'x'), EventKind::quorum});
    line = JournalSockets::read(journal.lines);
  }
  EXPECT_EQ(line, "<5>" + std::string(2000, 'x') + "\n");
  EXPECT_EQ(log.lost(), 0U);
}

TEST(LogDoor, NeverWaitsForAReaderThatHasStopped) {
  const Pipe pipe;
  ::fcntl(pipe.writer.number(), F_SETPIPE_SZ, 4096);
  Log log = Log::open(pipe.writer.number(), nullptr);
  for (int i = 0; i < 150; ++i) log.write(LogLevel::info, std::string(100, 'x'));  // 15 kB
  EXPECT_GT(log.lost(), 0U);
  EXPECT_EQ(::fcntl(pipe.writer.number(), F_GETFL) & O_NONBLOCK, 0);  // ours alone doesn't wait
  (void)pipe.read();
  log.write(LogLevel::info, "again");
  const std::string lines = pipe.read();
  EXPECT_THAT(lines, MatchesRegex(".* warning: [0-9]+ lines were left out here\n.*info: again\n"));
}

TEST(LogDoor, CutsAStorm) {
  const Pipe pipe;
  ::fcntl(pipe.writer.number(), F_SETPIPE_SZ, 1 << 20);
  Log log = Log::open(pipe.writer.number(), nullptr);
  for (int i = 0; i < 5000; ++i) log.write(LogLevel::info, "the same trouble");
  EXPECT_GT(log.lost(), 4000U);
}

TEST(LogDoor, OutlivesAReaderThatHasGone) {
  Pipe pipe;
  Log log = Log::open(pipe.writer.number(), nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  pipe.reader.close();
  log.write(LogLevel::info, "anybody there?");
  EXPECT_EQ(log.lost(), 1U);
}

TEST(LineBudget, FillsAgainSlowly) {
  LineBudget budget;
  const Instant start(std::chrono::hours(1));
  int lines = 0;
  while (budget.spend(start)) ++lines;
  EXPECT_EQ(lines, 200);
  EXPECT_FALSE(budget.spend(start + std::chrono::milliseconds(40)));
  EXPECT_TRUE(budget.spend(start + std::chrono::milliseconds(100)));
  lines = 0;
  while (budget.spend(start + std::chrono::hours(5))) ++lines;
  EXPECT_EQ(lines, 200);
}

}  // namespace
}  // namespace hapx::appliance
