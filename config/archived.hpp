// SPDX-License-Identifier: Apache-2.0
// Who may look into a class, to keep all that it knows and to make it again?
//
// What a node remembers is kept in recordings (appliance/recording), so that its decisions can be
// made once more. A class that is part of it says of what it consists, once, for both directions:
//
//   friend struct hapx::Archived;
//   template <class Archive>
//   void archive(Archive& kept) {
//     kept(state_, until_);
//   }
//
// What its constructor was given it leaves out. A struct without a constructor says nothing: its
// members are found (config/archive.hpp). Whatever is forgotten here is missed by the simulator,
// which replays recordings.
#pragma once

namespace hapx {

struct Archived;
class ArchiveWriter;
class ArchiveReader;

}  // namespace hapx
