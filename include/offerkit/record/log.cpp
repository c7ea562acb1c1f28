// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/log.hpp>

#include <offerkit/record/crc32c.hpp>
#include <offerkit/record/fields.hpp>

#include <algorithm>
#include <string>

namespace offerkit::record {
namespace {

constexpr std::string_view magic = "OFKTLOG1";
constexpr std::size_t frame_size = 8;
constexpr std::size_t size_of_size = 4;

/// What a record after the header is.
enum class RecordKind : std::uint8_t { step_without_effects, step_with_effects, end };

/// Begins a record at the end of `out`, whose frame is filled in by `end_frame`.
void begin_frame(Bytes& out) { out.append(frame_size, '\0'); }

void put_fixed32_at(std::size_t at, std::uint32_t value, Bytes& out) {
    for (int shift = 0; shift < 32; shift += 8)
        out[at++] = static_cast<char>(value >> shift);
}

/// Pre: what follows `at` is the record that was begun there.
void end_frame(std::size_t at, Bytes& out) {
    const std::string_view payload = std::string_view{out}.substr(at + frame_size);
    OFFERKIT_ASSERT(payload.size() <= log_record_max);
    const std::uint32_t sum = crc32c(payload);
    put_fixed32_at(at, static_cast<std::uint32_t>(payload.size()), out);
    put_fixed32_at(at + 4, sum, out);
}

Refusal refuse(RefusalCode code, std::string what, std::string why, std::string todo) {
    return {code, "event log", std::move(what), std::move(why), std::move(todo)};
}

// Other formats are told by the first field.
static_assert(!Fields<LogHeader>::has_marks);

}  // namespace

std::uint32_t sum_of_snapshot(std::string_view snapshot) { return crc32c(snapshot); }

LogWriter::LogWriter(const LogHeader& header, Bytes& out) : left_out_(header.left_out) {
    out.append(magic);
    const std::size_t at = out.size();
    begin_frame(out);
    {
        ByteWriter writer{out};
        put(header, writer);
    }
    end_frame(at, out);
}

void LogWriter::begin_record() {
    record_.clear();
    begin_frame(record_);
    record_.append(size_of_size, '\0');  // Of the events, which are written first.
}

bool LogWriter::end_events() {
    const std::size_t at = frame_size + size_of_size;
    const std::size_t size = record_.size() - at;
    OFFERKIT_ASSERT(size <= log_record_max);
    put_fixed32_at(frame_size, static_cast<std::uint32_t>(size), record_);
    const std::uint64_t count = step_.kinds.count;
    const bool has_effects = effects_until_due_ == 0 || step_.mono_now >= due_at_;
    if (has_effects) {
        effects_until_due_ = count * left_out_;
        due_at_ = step_.mono_now + time_per_effect * static_cast<std::int64_t>(count);
    } else {
        effects_until_due_ -= std::min(effects_until_due_, count);
    }
    ByteWriter writer{record_};
    put(has_effects ? RecordKind::step_with_effects : RecordKind::step_without_effects, writer);
    put(step_.mono_now, writer);
    put(step_.wall_now, writer);
    put(step_.next_wake, writer);
    put(step_.event_count, writer);
    put(step_.kinds, writer);
    return has_effects;
}

void LogWriter::end_record() { end_frame(0, record_); }

void LogWriter::end(std::string_view snapshot, Bytes& out) {
    const std::size_t at = out.size();
    begin_frame(out);
    put_fixed32(0, out);  // No events.
    {
        ByteWriter writer{out};
        put(RecordKind::end, writer);
        put(sum_of_snapshot(snapshot), writer);
    }
    end_frame(at, out);
}

Result<LogReader> LogReader::open(std::string_view bytes) {
    if (!bytes.starts_with(magic)) {
        return refuse(RefusalCode::malformed, "open",
                      "does not begin as an event log of this version does",
                      "give a file that a daemon wrote under --record");
    }
    LogReader reader{bytes};
    reader.at_ = magic.size();
    Result<std::string_view> payload = reader.next_record();
    if (!payload) return std::move(payload).error();
    ByteReader in{*payload};
    take(in, reader.header_.format);
    if (!in.has_failed() && reader.header_.format != log_format_version) {
        return refuse(RefusalCode::unsupported, "open",
                      "has format " + std::to_string(reader.header_.format) +
                          ", this build reads format " + std::to_string(log_format_version),
                      "use the build that wrote it");
    }
    in = ByteReader{*payload};
    take(in, reader.header_);
    if (!in.rest().empty()) in.fail("something follows the header");
    if (in.has_failed()) return refuse_bytes(in, "read the header of an event log");
    return reader;
}

Result<std::string_view> LogReader::next_record() {
    const std::string where = " at byte " + std::to_string(at_);
    ByteReader in{bytes_.substr(at_)};
    const std::uint32_t size = in.fixed32();
    const std::uint32_t sum = in.fixed32();
    if (in.has_failed() || (size <= log_record_max && in.rest().size() < size)) {
        cut_off_ = true;
        return refuse(RefusalCode::malformed, "read the record" + where, "is cut off",
                      "use what comes before it: the writer died while it wrote this");
    }
    const std::string_view payload = in.rest().substr(0, size);
    if (size > log_record_max || crc32c(payload) != sum) {
        return refuse(RefusalCode::malformed, "read the record" + where,
                      "is damaged: its checksum does not match",
                      "use what comes before it, or another copy of the file");
    }
    at_ += 8 + std::size_t{size};
    return payload;
}

Result<std::optional<LoggedStep>> LogReader::next() {
    if (at_ == bytes_.size()) return std::optional<LoggedStep>{};
    Result<std::string_view> payload = next_record();
    if (!payload) return std::move(payload).error();
    ByteReader in{*payload};
    LoggedStep step;
    step.events = in.bytes(in.fixed32());
    RecordKind kind{};
    take(in, kind);
    if (kind == RecordKind::end) return read_end(in);
    take(in, step.mono_now);
    take(in, step.wall_now);
    take(in, step.next_wake);
    take(in, step.event_count);
    take(in, step.kinds);
    if (kind == RecordKind::step_with_effects) {
        step.effects = in.rest();
    } else if (!in.rest().empty()) {
        in.fail("something follows the step");
    }
    if (in.has_failed()) return refuse_bytes(in, "read a step of an event log");
    return std::optional{step};
}

Result<std::optional<LoggedStep>> LogReader::read_end(ByteReader& in) {
    take(in, state_sum_.emplace());
    if (!in.rest().empty() || at_ != bytes_.size()) in.fail("something follows the end");
    if (in.has_failed()) return refuse_bytes(in, "read the end of an event log");
    return std::optional<LoggedStep>{};
}

}  // namespace offerkit::record
