// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of codec.hpp for reports; codec.hpp includes this file.

#include "codec.hpp"

namespace offerkit::launcher {
namespace detail {

inline constexpr std::uint16_t flag_core_dumped = 1;
inline constexpr std::uint16_t flag_kill_requested = 2;
inline constexpr std::uint16_t flag_killed_after_grace = 4;
inline constexpr std::uint16_t flag_supervisor_lost = 8;
inline constexpr std::uint16_t flags_all = 15;

inline std::uint16_t flags_of(const Exited& exited) {
    unsigned flags = 0;
    if (exited.core_dumped) flags |= flag_core_dumped;
    if (exited.kill_requested) flags |= flag_kill_requested;
    if (exited.killed_after_grace) flags |= flag_killed_after_grace;
    if (exited.supervisor_lost) flags |= flag_supervisor_lost;
    return static_cast<std::uint16_t>(flags);
}

inline void read_body(Reader& in, HelloOk& out) {
    out.pid = in.number<std::uint32_t>("pid");
    out.boot_id = in.text("boot_id", boot_id_bytes_max);
}

inline void read_body(Reader& in, Refused& out) {
    out.request = static_cast<MessageType>(in.number<std::uint16_t>("request"));
    out.reason = static_cast<RefusedReason>(in.number<std::uint16_t>("reason"));
    if (out.reason < RefusedReason::malformed || out.reason > RefusedReason::system_error) {
        in.fail(DecodeFault::bad_value, "reason");
    }
    out.key = in.bytes("key", key_bytes_max);
    out.message = in.text("message", message_bytes_max);
}

inline void read_body(Reader& in, Starting& out) { out.key = in.key(); }

inline void read_body(Reader& in, Started& out) {
    out.key = in.key();
    out.pid = in.number<std::uint32_t>("pid");
    out.start_wall_ns = in.number<std::int64_t>("start");
    out.start_monotonic_ns = in.number<std::int64_t>("start");
    out.listed = in.flag("listed");
}

inline void read_body(Reader& in, Failed& out) {
    out.key = in.key();
    out.step = static_cast<LaunchStep>(in.number<std::uint16_t>("step"));
    if (out.step > LaunchStep::supervise) in.fail(DecodeFault::bad_value, "step");
    out.error = in.number<std::uint32_t>("error");
    out.message = in.text("message", message_bytes_max);
    out.listed = in.flag("listed");
}

inline void read_body(Reader& in, Exited& out) {
    out.key = in.key();
    out.cause = static_cast<ExitCause>(in.number<std::uint16_t>("cause"));
    const auto flags = in.number<std::uint16_t>("flags");
    if (out.cause < ExitCause::exited || out.cause > ExitCause::lost) {
        in.fail(DecodeFault::bad_value, "cause");
    }
    if ((flags & ~flags_all) != 0) in.fail(DecodeFault::bad_value, "flags");
    out.core_dumped = (flags & flag_core_dumped) != 0;
    out.kill_requested = (flags & flag_kill_requested) != 0;
    out.killed_after_grace = (flags & flag_killed_after_grace) != 0;
    out.supervisor_lost = (flags & flag_supervisor_lost) != 0;
    out.value = in.number<std::uint32_t>("value");
    out.pid = in.number<std::uint32_t>("pid");
    out.start_wall_ns = in.number<std::int64_t>("start");
    out.end_wall_ns = in.number<std::int64_t>("end");
    out.user_us = in.number<std::int64_t>("user time");
    out.system_us = in.number<std::int64_t>("system time");
    out.memory_kib_max = in.number<std::int64_t>("memory");
    out.listed = in.flag("listed");
}

inline void read_body(Reader& in, ListEnd& out) { out.count = in.number<std::uint32_t>("count"); }

inline void read_body(Reader& in, Closing& out) {
    out.reason = static_cast<ClosingReason>(in.number<std::uint16_t>("reason"));
    if (out.reason < ClosingReason::replaced || out.reason > ClosingReason::parent_gone) {
        in.fail(DecodeFault::bad_value, "reason");
    }
}

template <typename Body>
DecodeError read_report(std::span<const std::byte> bytes, Report& out) {
    Reader in(bytes);
    Body body;
    read_body(in, body);
    out = body;
    return in.finish();
}

template <typename Out>
void write_body(const HelloOk& report, Out& out) {
    out.number(report.pid);
    out.text(report.boot_id);
}
template <typename Out>
void write_body(const Refused& report, Out& out) {
    out.number(report.request);
    out.number(report.reason);
    out.text(report.key);
    out.text(report.message);
}
template <typename Out>
void write_body(const Starting& report, Out& out) {
    out.text(report.key);
}
template <typename Out>
void write_body(const Started& report, Out& out) {
    out.text(report.key);
    out.number(report.pid);
    out.number(report.start_wall_ns);
    out.number(report.start_monotonic_ns);
    out.flag(report.listed);
}
template <typename Out>
void write_body(const Failed& report, Out& out) {
    out.text(report.key);
    out.number(report.step);
    out.number(report.error);
    out.text(report.message);
    out.flag(report.listed);
}
template <typename Out>
void write_body(const Exited& report, Out& out) {
    out.text(report.key);
    out.number(report.cause);
    out.number(flags_of(report));
    out.number(report.value);
    out.number(report.pid);
    out.number(report.start_wall_ns);
    out.number(report.end_wall_ns);
    out.number(report.user_us);
    out.number(report.system_us);
    out.number(report.memory_kib_max);
    out.flag(report.listed);
}
template <typename Out>
void write_body(const ListEnd& report, Out& out) {
    out.number(report.count);
}
template <typename Out>
void write_body(const Closing& report, Out& out) {
    out.number(report.reason);
}

inline MessageType type_of(const Report& report) {
    static constexpr MessageType types[] = {
        MessageType::hello_ok, MessageType::refused, MessageType::starting, MessageType::started,
        MessageType::failed,   MessageType::exited,  MessageType::list_end, MessageType::closing};
    static_assert(std::variant_size_v<Report> == sizeof types / sizeof types[0]);
    return types[report.index()];
}

}  // namespace detail

inline DecodeError decode(const Message& message, Report& out) {
    switch (message.type) {
        case MessageType::hello_ok:
            return detail::read_report<HelloOk>(message.body, out);
        case MessageType::refused:
            return detail::read_report<Refused>(message.body, out);
        case MessageType::starting:
            return detail::read_report<Starting>(message.body, out);
        case MessageType::started:
            return detail::read_report<Started>(message.body, out);
        case MessageType::failed:
            return detail::read_report<Failed>(message.body, out);
        case MessageType::exited:
            return detail::read_report<Exited>(message.body, out);
        case MessageType::list_end:
            return detail::read_report<ListEnd>(message.body, out);
        case MessageType::closing:
            return detail::read_report<Closing>(message.body, out);
        case MessageType::hello:
        case MessageType::launch:
        case MessageType::kill:
        case MessageType::forget:
        case MessageType::list:
        case MessageType::shutdown:
            break;
    }
    return {DecodeFault::unknown_type, "type"};
}

inline std::size_t encode(const Report& report, std::span<std::byte> out) {
    detail::SpanSink sink{out};
    detail::Writer<detail::SpanSink> writer{sink};
    writer.number(protocol_version);
    writer.number(detail::type_of(report));
    writer.number(std::uint32_t{0});
    std::visit([&](const auto& body) { detail::write_body(body, writer); }, report);
    if (sink.used > out.size()) return 0;
    const auto body_bytes = static_cast<std::uint32_t>(sink.used - header_bytes);
    std::memcpy(out.data() + 4, &body_bytes, sizeof body_bytes);
    return sink.used;
}

}  // namespace offerkit::launcher
