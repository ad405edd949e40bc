// SPDX-License-Identifier: Apache-2.0
// The verbs about recordings, by the real `hapx` on the recording of a real Node.
#include "appliance/recording/io/recording_files.hpp"
#include "cli_rig.hpp"
#include "recorded_node.hpp"

namespace hapx::appliance {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class CliRecording : public Cli {
 protected:
  /// One of a node that was up for some seconds; its file.
  std::string keep(const std::string& version = HAPX_VERSION) {
    RecordedNode node(version);
    node.hear(vip::FenceArmed{});
    node.run_for(2s);
    node.hear(vip::LinkChanged{InterfaceName("eth0"), true, true, 2, {}});
    node.run_for(2s);
    const auto kept = keep_recording(folder_, node.recording("node2 is dead"), {recorded_key()});
    EXPECT_TRUE(kept) << kept.error().sentence;
    return folder_ / recordings_folder / file_name_of(node.recording().label);
  }
  [[nodiscard]] std::vector<std::string> here(std::vector<std::string> words) const {
    words.insert(words.end(), {"--state-dir", folder_});
    return words;
  }
};

TEST_F(CliRecording, AreListedWithTheirOccasion) {
  const Ran none = hapx(here({"recording", "list"}));
  EXPECT_EQ(none.status, 0);
  EXPECT_EQ(none.out, "there are no recordings yet\n");
  const std::string file = keep();
  write("recordings/recording-19990101T000000.000Z", "damaged");
  const Ran ran = hapx(here({"recording", "list"}));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr(fs::path(file).filename().string()), HasSubstr("node1"),
                             HasSubstr("2026-11-28T13:36:57.001Z"), HasSubstr("node2 is dead"),
                             HasSubstr("is no recording of hapx")));
  const Ran json = hapx(here({"recording", "list", "-o", "json"}));
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"occasion\":\"node2 is dead\""), HasSubstr("\"error\":"),
                              HasSubstr("\"node\":\"node1\"")));
}

TEST_F(CliRecording, AreDecidedAgain) {
  const std::string file = keep();
  for (const auto& words : {here({"replay"}), {"replay", file}}) {
    const Ran ran = hapx(words);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_THAT(ran.out,
                AllOf(HasSubstr("node1 of kube-demo, hapx " HAPX_VERSION),
                      HasSubstr("hapxd " HAPX_VERSION " began as node1"),
                      HasSubstr("interface eth0 is up"), HasSubstr("decided again as recorded")));
  }
  const Ran steps = hapx({"replay", file, "--steps"});
  EXPECT_THAT(steps.out, AllOf(HasSubstr("LinkChanged eth0 carrier"), HasSubstr("ArmFence")));
  const Ran json = hapx({"replay", file, "-o", "json"});
  EXPECT_EQ(json.status, 0);
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"equal\":true"), HasSubstr("\"difference\":null")));
}

TEST_F(CliRecording, OfAnotherVersionOrDamagedAreRefused) {
  const Ran other = hapx({"replay", keep("0.0.1")});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.err, HasSubstr("was recorded by hapx 0.0.1, and this is hapx " HAPX_VERSION));
  const Ran damaged = hapx({"replay", write("damaged", "hapxrec1 and more")});
  EXPECT_EQ(damaged.status, 1);
  EXPECT_THAT(damaged.err, HasSubstr("is not whole"));
  const Ran absent = hapx({"replay", folder_ / "nothing"});
  EXPECT_EQ(absent.status, 1);
  EXPECT_THAT(absent.err, HasSubstr("No such file"));
  fs::remove_all(folder_ / recordings_folder);
  const Ran none = hapx(here({"replay"}));
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.err, HasSubstr("there is no recording in"));
}

TEST_F(CliRecording, SayWhyItWasSoThen) {
  const std::string file = keep();
  const Ran early = hapx(here({"why", "--at", "2026-11-28T13:36:58Z"}));
  EXPECT_EQ(early.status, 0) << early.err;
  EXPECT_THAT(early.out, AllOf(HasSubstr("as node1 saw it at 2026-11-28T13:36:58Z"),
                               HasSubstr("kube-apiserver"), HasSubstr("began as node1")));
  EXPECT_THAT(early.out, testing::Not(HasSubstr("interface eth0 is up")));
  const Ran late = hapx({"why", "kube-apiserver", "--at", "2026-11-28T13:37:00.5Z", "--recording",
                         file, "-o", "json"});
  EXPECT_EQ(late.status, 0) << late.err;
  EXPECT_THAT(late.out, HasSubstr("interface eth0 is up"));

  const Ran beyond = hapx(here({"why", "--at", "2026-11-28T12:00:00Z"}));
  EXPECT_EQ(beyond.status, 1);
  EXPECT_THAT(beyond.err, HasSubstr("no recording has that moment"));
  const Ran nonsense = hapx(here({"why", "--at", "yesterday"}));
  EXPECT_EQ(nonsense.status, 64);
  EXPECT_THAT(nonsense.err, HasSubstr("is not a moment: write it like 2026-11-28T13:36:57Z"));
  const Ran unknown = hapx(here({"why", "web", "--at", "2026-11-28T13:36:58Z"}));
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("there is no service \"web\""));
}

TEST_F(CliRecording, AreKeptByHapxdWhenItIsAsked) {
  const Ran nobody = hapx({"recording", "keep"});
  EXPECT_EQ(nobody.status, 3);
}

}  // namespace
}  // namespace hapx::appliance
