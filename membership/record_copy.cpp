// SPDX-License-Identifier: Apache-2.0
#include "membership/record_copy.hpp"

#include <algorithm>
#include <utility>

#include "membership/voters_file.hpp"

namespace hapx::membership {

RecordCopy::RecordCopy(KeptRecord kept, RecordOwner owner)
    : owner_(std::move(owner)), durable_(std::move(kept)), wanted_(durable_) {}

void RecordCopy::read(const NodeName& asker, const RecordRead& read) {
  wanted_.promised = std::max(wanted_.promised, read.ballot);
  questions_[asker].read = Question{read.ballot, read.number, std::nullopt, false};
}

void RecordCopy::write(const NodeName& asker, Record record, std::uint64_t filling) {
  Question question{record.id.ballot, 0, record.id, false};
  const bool may_fill =
      blank_told_ && blank_told_->number < filling && blank_told_->ballot == record.id.ballot;
  if (record.id.ballot >= wanted_.promised) {
    if (!wanted_.record && !may_fill) {
      question.refused_blank = true;
    } else if (!wanted_.record || wanted_.record->id < record.id) {
      wanted_.promised = record.id.ballot;
      wanted_.record = std::move(record);
    }
  }
  questions_[asker].write = std::move(question);
}

void RecordCopy::stored(const RecordStored& event) {
  if (!under_way_ || under_way_->ticket != event.ticket) return;
  durable_ = std::move(under_way_->kept);
  under_way_.reset();
  pausing_until_.reset();
  trouble_.clear();
}

/// Nobody knows what is on disk now: the old or the new. What was asked for is stored again, so
/// that it becomes the new one.
void RecordCopy::failed(const RecordStoreFailed& event, Instant now) {
  if (!under_way_ || under_way_->ticket != event.ticket) return;
  under_way_.reset();
  pausing_until_ = now + store_pause;
  trouble_ = event.error.sentence;
}

std::optional<StoreRecord> RecordCopy::take_store(Instant now) {
  if (under_way_ || wanted_ == durable_) return std::nullopt;
  if (pausing_until_ && now < *pausing_until_) return std::nullopt;
  pausing_until_.reset();
  under_way_ = Store{++tickets_, wanted_, now};
  StoreRecord store{tickets_, encode_record(wanted_, owner_)};
  if (wanted_.electorate && wanted_.electorate != durable_.electorate)
    store.voters = encode_voters(*wanted_.electorate, owner_);
  return store;
}

std::optional<Instant> RecordCopy::next_deadline() const {
  return wanted_ == durable_ ? std::nullopt : pausing_until_;
}

/// A refusal rests on nothing that is on disk: who asks is told of a higher ballot, or that we are
/// blank, and goes another way.
bool RecordCopy::is_answerable(const Question& question) const {
  if (question.ballot < wanted_.promised || question.refused_blank) return true;
  if (!question.written) return durable_.promised >= question.ballot;
  return durable_.record && durable_.record->id >= *question.written;
}

RecordAnswer RecordCopy::answer_to(const Question& question) const {
  RecordAnswer answer{question.ballot, question.number, durable_.promised, {}};
  if (question.ballot < wanted_.promised) answer.promised = wanted_.promised;
  if (durable_.record) answer.has = durable_.record->id;
  return answer;
}

std::vector<RecordCopy::Told> RecordCopy::take_answers() {
  std::vector<Told> told;
  for (auto& [asker, questions] : questions_) {
    if (questions.read && is_answerable(*questions.read)) {
      const Question question = *std::exchange(questions.read, std::nullopt);
      const RecordAnswer answer = answer_to(question);
      const bool granted = answer.promised == question.ballot;
      const bool is_told = blank_told_ && blank_told_->ballot == question.ballot;
      if (granted && !answer.has && !is_told)
        blank_told_ = BlankTold{question.ballot, question.number};
      told.push_back({asker, answer, granted && answer.has});
    }
    if (questions.write && is_answerable(*questions.write))
      told.push_back({asker, answer_to(*std::exchange(questions.write, std::nullopt)), false});
  }
  return told;
}

std::string RecordCopy::trouble(Instant now) const {
  if (!trouble_.empty() || !under_way_ || now - under_way_->since < store_pause) return trouble_;
  return "the disk doesn't answer";
}

std::uint64_t RecordCopy::highest_round() const {
  const std::uint64_t written = wanted_.record ? wanted_.record->id.ballot.round : 0;
  return std::max(wanted_.promised.round, written);
}

}  // namespace hapx::membership
