// SPDX-License-Identifier: Apache-2.0
// The files of the configuration and of the key, on the real file system.
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/io/config_file.hpp"
#include "config/io/key_file.hpp"
#include "config/io/secret_file.hpp"

namespace hapx {
namespace {

namespace fs = std::filesystem;

constexpr const char* good_line =
    "hapx-key-v1:8f3a01c2d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7eff\n";

/// Each test has a directory of its own, which goes with it.
class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hapx-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory_ / name).string();
  }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0400) {
    const auto file = path(name);
    std::ofstream(file, std::ios::binary) << text;
    EXPECT_EQ(::chmod(file.c_str(), mode), 0);
    return file;
  }

  fs::path directory_;
};

mode_t mode_of(const std::string& file) {
  struct stat status {};
  EXPECT_EQ(::stat(file.c_str(), &status), 0);
  return status.st_mode & 07777;
}

using ConfigFile = Files;
using KeyFile = Files;

TEST_F(ConfigFile, IsReadWhole) {
  const auto text = std::string("kind: Cluster\r\n\0\xff", 17) + std::string(100'000, 'x');
  const auto read = read_config_file(write("hapx.yaml", text));
  ASSERT_TRUE(read) << read.error().sentence;
  EXPECT_EQ(*read, text);
  EXPECT_EQ(*read_config_file(write("empty.yaml", "")), "");
}

TEST_F(ConfigFile, IsWrittenOnceAndReadableByAll) {
  const ::mode_t before = ::umask(0077);
  ASSERT_TRUE(write_new_config_file(path("hapx.yaml"), "kind: Cluster\n"));
  ::umask(before);
  EXPECT_EQ(mode_of(path("hapx.yaml")), 0644U);
  EXPECT_EQ(*read_config_file(path("hapx.yaml")), "kind: Cluster\n");
  const auto again = write_new_config_file(path("hapx.yaml"), "x");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::exists);
  EXPECT_EQ(*read_config_file(path("hapx.yaml")), "kind: Cluster\n");
  EXPECT_EQ(write_new_config_file(path("none/hapx.yaml"), "x").error().kind, ErrorKind::absent);
  const auto files = std::distance(fs::directory_iterator(directory_), fs::directory_iterator());
  EXPECT_EQ(files, 1) << "no draft is left";
}

TEST_F(ConfigFile, MayBeReachedByASymbolicLink) {
  write("real.yaml", "kind: Cluster\n");
  fs::create_symlink("real.yaml", path("hapx.yaml"));
  EXPECT_EQ(*read_config_file(path("hapx.yaml")), "kind: Cluster\n");
}

TEST_F(KeyFile, IsCopiedIntoANewFile) {
  const auto from = write("from.key", good_line);
  ASSERT_TRUE(copy_key_file(from, path("cluster.key")));
  EXPECT_EQ(mode_of(path("cluster.key")), 0400U);
  EXPECT_EQ(*read_key_file(path("cluster.key")), *read_key_file(from));
  EXPECT_EQ(copy_key_file(from, path("cluster.key")).error().kind, ErrorKind::exists);
  EXPECT_EQ(copy_key_file(path("none"), path("other.key")).error().kind, ErrorKind::absent);
  EXPECT_EQ(copy_key_file(write("open.key", good_line, 0444), path("other.key")).error().kind,
            ErrorKind::refused);
  EXPECT_FALSE(fs::exists(path("other.key")));
}

TEST_F(ConfigFile, IsAbsent) {
  const auto read = read_config_file(path("hapx.yaml"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::absent);
  EXPECT_EQ(read.error().system_error, ENOENT);
  EXPECT_EQ(read.error().sentence,
            "cannot open the configuration " + path("hapx.yaml") + ": No such file or directory");
}

TEST_F(ConfigFile, ThatIsADirectoryIsRefused) {
  fs::create_directory_symlink(directory_, path("link"));
  for (const auto& file : {directory_.string(), path("link")}) {
    const auto read = read_config_file(file);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::refused);
    EXPECT_EQ(read.error().sentence,
              "the configuration " + file + " is not a regular file; name one");
  }
}

TEST_F(ConfigFile, ThatWouldMakeUsWaitIsRefused) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  for (const auto& file : {path("fifo"), std::string("/dev/zero")}) {
    const auto read = read_config_file(file);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().sentence,
              "the configuration " + file + " is not a regular file; name one");
  }
}

TEST_F(ConfigFile, HasALimit) {
  EXPECT_TRUE(read_config_file(write("most", std::string(config_file_bytes_max, ' '))));
  const auto file = write("more", std::string(config_file_bytes_max + 1, ' '));
  const auto read = read_config_file(file);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().sentence,
            "the configuration " + file + " is larger than 1048576 bytes; name another");
}

TEST_F(KeyFile, IsWrittenForItsOwnerOnlyAndReadBack) {
  const auto old_umask = ::umask(0);
  const auto written = write_key_file(path("key"));
  ::umask(old_umask);
  ASSERT_TRUE(written) << written.error().sentence;
  EXPECT_EQ(mode_of(path("key")), 0400U);
  EXPECT_EQ(fs::file_size(path("key")), 77U);
  const auto key = read_key_file(path("key"));
  ASSERT_TRUE(key) << key.error().sentence;
  EXPECT_EQ(write_key(key->first), *read_config_file(path("key")));
}

TEST_F(KeyFile, IsReadableWhateverTheUmask) {
  const auto old_umask = ::umask(0777);
  const auto written = write_key_file(path("key"));
  ::umask(old_umask);
  ASSERT_TRUE(written) << written.error().sentence;
  EXPECT_EQ(mode_of(path("key")), 0400U);
}

TEST_F(KeyFile, HasAnotherKeyEachTime) {
  ASSERT_TRUE(write_key_file(path("one")));
  ASSERT_TRUE(write_key_file(path("two")));
  EXPECT_NE(*read_key_file(path("one")), *read_key_file(path("two")));
}

TEST_F(KeyFile, IsNeverOverwritten) {
  write("key", good_line);
  fs::create_symlink("nowhere", path("dangling"));
  for (const auto* name : {"key", "dangling"}) {
    const auto written = write_key_file(path(name));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::exists);
    EXPECT_EQ(written.error().sentence,
              path(name) +
                  " exists already, and a key is never overwritten; remove it first if "
                  "the cluster shall have another");
  }
  EXPECT_EQ(*read_config_file(path("key")), good_line);
  EXPECT_FALSE(fs::exists(path("nowhere")));
}

TEST_F(KeyFile, CannotBeWrittenWhereThereIsNoDirectory) {
  const auto written = write_key_file(path("none/key"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::absent);
}

TEST_F(KeyFile, ThatCannotBeWrittenIsNotLeftBehind) {
  // A full disk, in small: this process may write files of no more than ten bytes.
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{10, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto written = write_key_file(path("key"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().system_error, EFBIG);
  EXPECT_FALSE(fs::exists(path("key")));
}

TEST_F(KeyFile, IsAbsent) {
  const auto key = read_key_file(path("key"));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind, ErrorKind::absent);
  EXPECT_EQ(key.error().sentence, "cannot open the key file " + path("key") +
                                      ": No such file or directory; make it on one node with "
                                      "`hapx keygen " +
                                      path("key") + "` and copy it to the others");
}

TEST_F(KeyFile, ThatOthersMayReadIsRefused) {
  for (const mode_t mode : {0440, 0404, 0420, 0402, 0644, 0410}) {
    const auto file = write("key", good_line, mode);
    const auto key = read_key_file(file);
    ASSERT_FALSE(key) << mode;
    EXPECT_EQ(key.error().kind, ErrorKind::refused);
    EXPECT_EQ(key.error().sentence, "the key file " + file +
                                        " is open to group or others, so the key is no secret; run "
                                        "`chmod 0400 " +
                                        file + "`, or make a new key if others may have read it");
    fs::remove(file);
  }
  EXPECT_TRUE(read_key_file(write("owner", good_line, 0600)));
}

TEST_F(KeyFile, OfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const auto file = write("key", good_line);
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  const auto key = read_key_file(file);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().sentence,
            "the key file " + file + " belongs to another user, who can read it; run `chown root " +
                file + "`, or make a new key");
}

TEST_F(KeyFile, ThatOnlyRootMayReadComesAsACredential) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make itself another user";
  fs::permissions(directory_, fs::perms(0755));
  fs::create_directory(path("credentials"));
  fs::permissions(path("credentials"), fs::perms(0755));
  const auto credential = write("credentials/key", good_line, 0444);
  const auto file = write("key", good_line, 0400);
  ASSERT_EQ(::seteuid(12345), 0);
  const auto without = read_key_file(file);
  const auto with = read_key_file(file, path("credentials"));
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().kind, ErrorKind::forbidden);
  ASSERT_TRUE(with) << with.error().sentence;
  EXPECT_EQ(*with, *read_key_file(file));

  // The file is judged, though it is not what is read.
  ASSERT_EQ(::chmod(file.c_str(), 0440), 0);
  ASSERT_EQ(::seteuid(12345), 0);
  const auto open_to_group = read_key_file(file, path("credentials"));
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_FALSE(open_to_group);
  EXPECT_EQ(open_to_group.error().kind, ErrorKind::refused);
  EXPECT_NE(open_to_group.error().sentence.find("chmod 0400"), std::string::npos);
}

TEST_F(KeyFile, IsJudgedByTheTargetOfALink) {
  write("real", good_line, 0644);
  fs::create_symlink("real", path("key"));
  EXPECT_FALSE(read_key_file(path("key")));
  ASSERT_EQ(::chmod(path("real").c_str(), 0400), 0);
  EXPECT_TRUE(read_key_file(path("key")));
}

TEST_F(KeyFile, ThatIsADirectoryOrHugeIsRefused) {
  EXPECT_EQ(read_key_file(directory_.string()).error().kind, ErrorKind::refused);
  EXPECT_EQ(read_key_file(write("huge", std::string(5000, 'a'))).error().kind, ErrorKind::refused);
}

TEST_F(KeyFile, WithoutAGoodKeyIsRefusedAndNotShown) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "the key is empty"},
      {"topsecret", "this is no key: it does not begin with hapx-key-v1:"},
      {std::string(good_line).substr(0, 60), "the key has 48 hexadecimal digits instead of 64"},
      {"hapx-key-v1:" + std::string(64, '0') + '\n',
       "the key is no secret: it is one of tests and examples"}};
  int number = 0;
  for (const auto& [text, sentence] : cases) {
    const auto file = write("key" + std::to_string(number++), text);
    const auto key = read_key_file(file);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().sentence, file + ": " + sentence + "; make one with `hapx keygen`");
    EXPECT_EQ(key.error().sentence.find("topsecret"), std::string::npos);
    EXPECT_EQ(key.error().sentence.find("8f3a"), std::string::npos);
  }
}

using SecretFile = Files;

TEST_F(SecretFile, IsOneWordOnOneLine) {
  EXPECT_EQ(read_secret_file(write("token", "s3cret~!\n", 0640), "the token").value(), "s3cret~!");
  EXPECT_EQ(read_secret_file(write("bare", "s3cret", 0400), "the token").value(), "s3cret");
  EXPECT_EQ(read_secret_file(write("dos", "s3cret\r\n", 0400), "the token").value(), "s3cret");
  for (const std::string bad :
       {"", "\n", "two words\n", "two\nlines\n", "tab\there", "\x01", "\xc3\xa4"}) {
    const auto file = path("bad");
    fs::remove(file);
    const auto read = read_secret_file(write("bad", bad, 0600), "the token");
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().sentence,
              file + ": the token must stand there alone: one line, without blanks");
  }
  EXPECT_FALSE(
      read_secret_file(write("long", std::string(secret_bytes_max + 1, 'x')), "the token"));
  EXPECT_EQ(read_secret_file(path("absent"), "the token").error().kind, ErrorKind::absent);
}

TEST_F(SecretFile, OfEverybodyIsRefused) {
  const auto file = write("token", "s3cret\n", 0644);
  EXPECT_EQ(
      read_secret_file(file, "the token").error().sentence,
      file + " is open to everybody, so what it has is no secret; run `chmod 0640 " + file + "`");
}

}  // namespace
}  // namespace hapx
