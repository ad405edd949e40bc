// SPDX-License-Identifier: Apache-2.0
// What does this node's copy of the record answer a coordinator?
//
// Each node keeps a copy on its disk and answers for it, as a voter answers for its promises. A
// coordinator that reads under a ballot is first promised, on disk, that no write below that ballot
// is taken here any more; a write is taken if it isn't below what was promised, and acknowledged
// when it is on disk. So whoever has read a majority has shut out every coordinator before it.
//
// The disk takes its time: what is to be stored goes out as StoreRecord, and nothing that rests on
// it is answered before RecordStored. One store is under way at most; what is asked for meanwhile
// is gathered for the next one.
//
//   read, write -> wanted -> StoreRecord -> (the disk) -> RecordStored -> durable -> answers
//
// Safety: an answer tells what is on disk, never what is on its way there (LEASE.md, rule 18).
// Safety: a content that was taken under a name is never replaced by another of the same name.
// Safety: a blank copy takes a write only from a coordinator that has read enough without it, after
// it had told that it is blank (rule 20).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/archived.hpp"
#include "membership/action.hpp"
#include "membership/event.hpp"
#include "membership/message.hpp"
#include "membership/record.hpp"

namespace hapx::membership {

class RecordCopy {
 public:
  /// Limit: after a store that failed the next one waits so long.
  static constexpr Duration store_pause = std::chrono::seconds(1);

  RecordCopy(KeptRecord kept, RecordOwner owner);

  /// A coordinator reads. `asker`: its node.
  void read(const NodeName& asker, const RecordRead& read);
  /// A coordinator writes `record`. `filling`: the number of its reading without us, after we said
  /// that we are blank; or 0.
  void write(const NodeName& asker, Record record, std::uint64_t filling);

  /// Beside the record: who votes.
  void keep(const KeptElectorate& electorate) { wanted_.electorate = electorate; }

  void stored(const RecordStored& event);
  void failed(const RecordStoreFailed& event, Instant now);

  /// What is to be stored now, if anything.
  [[nodiscard]] std::optional<StoreRecord> take_store(Instant now);
  /// What can be answered now. The same question is answered once; who hears nothing asks again.
  struct Told {
    NodeName to;
    RecordAnswer answer;
    bool with_content = false;  ///< it has not seen what we have
  };
  [[nodiscard]] std::vector<Told> take_answers();
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// What is on disk.
  [[nodiscard]] const KeptRecord& durable() const { return durable_; }
  /// The highest round that was ever met here.
  [[nodiscard]] std::uint64_t highest_round() const;
  /// Why nothing can be stored; empty: it can.
  [[nodiscard]] std::string trouble(Instant now) const;

 private:
  friend struct hapx::Archived;
  template <class Archive>
  void archive(Archive& kept) {
    kept(durable_, wanted_, blank_told_, under_way_, tickets_, questions_, pausing_until_,
         trouble_);
  }

  struct Question {
    Ballot ballot;
    std::uint64_t number = 0;         ///< of a read
    std::optional<RecordId> written;  ///< of a write
    bool refused_blank = false;       ///< a write that a blank copy doesn't take
  };
  struct Questions {
    std::optional<Question> read;
    std::optional<Question> write;
  };
  struct Store {
    std::uint64_t ticket = 0;
    KeptRecord kept;
    Instant since;
  };
  struct BlankTold {
    Ballot ballot;
    std::uint64_t number = 0;
  };

  [[nodiscard]] bool is_answerable(const Question& question) const;
  [[nodiscard]] RecordAnswer answer_to(const Question& question) const;

  RecordOwner owner_;
  KeptRecord durable_;
  KeptRecord wanted_;
  std::optional<BlankTold> blank_told_;  ///< to whom this process said first that it is blank
  std::optional<Store> under_way_;
  std::uint64_t tickets_ = 0;
  std::map<NodeName, Questions> questions_;  ///< at most one of each kind from each node
  std::optional<Instant> pausing_until_;
  std::string trouble_;
};

}  // namespace hapx::membership
