// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/log.hpp>

#include <offerkit/record/crc32c.hpp>
#include <offerkit/record/fields.hpp>

#include <string>

namespace offerkit::record {
namespace {

constexpr std::string_view magic = "OFKTLOG1";

void append_record(std::string_view payload, Bytes& out) {
    OFFERKIT_ASSERT(payload.size() <= log_record_max);
    put_fixed32(static_cast<std::uint32_t>(payload.size()), out);
    put_fixed32(crc32c(payload), out);
    out.append(payload);
}

Refusal refuse(RefusalCode code, std::string what, std::string why, std::string todo) {
    return {code, "event log", std::move(what), std::move(why), std::move(todo)};
}

}  // namespace

LogWriter::LogWriter(const LogHeader& header, Bytes& out) {
    put(header, payload_);
    out.append(magic);
    append_record(payload_, out);
}

void LogWriter::append(Bytes& out) {
    payload_.clear();
    put(step_.mono_now, payload_);
    put(step_.wall_now, payload_);
    put(step_.event_count, payload_);
    put_text(events_, payload_);
    put(step_.next_wake, payload_);
    put(step_.effect_count, payload_);
    put_text(effects_, payload_);
    append_record(payload_, out);
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
    take(in, step.mono_now);
    take(in, step.wall_now);
    take(in, step.event_count);
    step.events = in.text();
    take(in, step.next_wake);
    take(in, step.effect_count);
    step.effects = in.text();
    if (!in.rest().empty()) in.fail("something follows the step");
    if (in.has_failed()) return refuse_bytes(in, "read a step of an event log");
    return std::optional{step};
}

}  // namespace offerkit::record
