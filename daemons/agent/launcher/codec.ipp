// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of codec.hpp, which includes this file.

#include "codec.hpp"

#include <bit>
#include <type_traits>

namespace offerkit::launcher {
namespace detail {

static_assert(std::endian::native == std::endian::little, "the launcher protocol is little endian");

/// Takes values off a body; after the first fault every further value is empty.
class Reader {
public:
    explicit Reader(std::span<const std::byte> body) : rest_(body) {}

    [[nodiscard]] const DecodeError& error() const { return error_; }
    [[nodiscard]] const std::byte* position() const { return rest_.data(); }

    void fail(DecodeFault fault, const char* field) {
        if (!error_) error_ = {fault, field};
        rest_ = {};
    }

    template <typename Number>
    [[nodiscard]] Number number(const char* field) {
        Number value{};
        if (rest_.size() < sizeof value) {
            fail(DecodeFault::truncated, field);
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_ = rest_.subspan(sizeof value);
        return value;
    }

    /// A number that must lie between two bounds, both included.
    [[nodiscard]] std::uint32_t bounded(const char* field, std::uint32_t low, std::uint32_t high) {
        const auto value = number<std::uint32_t>(field);
        if (!error_ && (value < low || value > high)) fail(DecodeFault::bad_value, field);
        return error_ ? low : value;
    }

    [[nodiscard]] bool flag(const char* field) {
        const auto value = number<std::uint8_t>(field);
        if (value > 1) fail(DecodeFault::bad_value, field);
        return value == 1;
    }

    /// Bytes that may hold anything.
    [[nodiscard]] std::string_view bytes(const char* field, std::size_t length_max) {
        const auto length = number<std::uint32_t>(field);
        if (length > length_max) fail(DecodeFault::too_long, field);
        if (error_) return {};
        if (rest_.size() < std::size_t{length} + 1) {
            fail(DecodeFault::truncated, field);
            return {};
        }
        const std::string_view value(reinterpret_cast<const char*>(rest_.data()), length);
        if (rest_[length] != std::byte{0}) fail(DecodeFault::holds_nul, field);
        rest_ = error_ ? rest_ : rest_.subspan(std::size_t{length} + 1);
        return value;
    }

    /// A text for the kernel: no NUL inside, one behind.
    [[nodiscard]] std::string_view text(const char* field, std::size_t length_max) {
        const auto value = bytes(field, length_max);
        if (value.find('\0') != std::string_view::npos) fail(DecodeFault::holds_nul, field);
        return error_ ? std::string_view{} : value;
    }

    [[nodiscard]] std::string_view key() {
        const auto value = bytes("key", key_bytes_max);
        if (!error_ && value.empty()) fail(DecodeFault::bad_value, "key");
        return value;
    }

    template <typename Check>
    [[nodiscard]] TextList texts(const char* field, std::size_t count_max, Check is_valid) {
        const auto count = number<std::uint32_t>(field);
        if (count > count_max) fail(DecodeFault::too_many, field);
        const std::byte* const first = rest_.data();
        for (std::uint32_t i = 0; i < count && !error_; ++i) {
            const auto value = text(field, packet_bytes_max);
            if (!error_ && !is_valid(value)) fail(DecodeFault::bad_value, field);
        }
        return error_ ? TextList{} : TextList{first, count};
    }

    [[nodiscard]] const std::byte* block(const char* field, std::size_t length) {
        const std::byte* const first = rest_.data();
        if (rest_.size() < length) {
            fail(DecodeFault::truncated, field);
            return nullptr;
        }
        rest_ = rest_.subspan(length);
        return first;
    }

    [[nodiscard]] DecodeError finish() {
        if (!error_ && !rest_.empty()) fail(DecodeFault::trailing_bytes, "message");
        return error_;
    }

private:
    std::span<const std::byte> rest_;
    DecodeError error_;
};

/// Appends to a vector.
struct VectorSink {
    Bytes& out;
    void append(const void* data, std::size_t length) {
        const auto* const first = static_cast<const std::byte*>(data);
        out.insert(out.end(), first, first + length);
    }
};

/// Fills fixed memory; what does not fit is counted but not written.
struct SpanSink {
    std::span<std::byte> out;
    std::size_t used = 0;
    void append(const void* data, std::size_t length) {
        if (length != 0 && used + length <= out.size()) {
            std::memcpy(out.data() + used, data, length);
        }
        used += length;
    }
};

template <typename Sink>
struct Writer {
    Sink& sink;

    template <typename Number>
    void number(Number value) {
        static_assert(std::is_integral_v<Number> || std::is_enum_v<Number>);
        sink.append(&value, sizeof value);
    }
    void flag(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void text(std::string_view value) {
        number(static_cast<std::uint32_t>(value.size()));
        sink.append(value.data(), value.size());
        number(std::uint8_t{0});
    }
    void texts(const std::vector<std::string>& values) {
        number(static_cast<std::uint32_t>(values.size()));
        for (const auto& value : values) text(value);
    }
};

inline bool is_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

/// Appends header and body, then lets the decoder judge: limits are checked in one place only.
template <typename Fill, typename Check>
DecodeError encode_request(MessageType type, Bytes& out, Fill fill, Check check) {
    const std::size_t before = out.size();
    VectorSink sink{out};
    Writer<VectorSink> writer{sink};
    writer.number(protocol_version);
    writer.number(type);
    writer.number(std::uint32_t{0});
    fill(writer);
    const std::size_t length = out.size() - before;
    DecodeError error;
    if (length > packet_bytes_max) {
        error = {DecodeFault::too_long, "message"};
    } else {
        const auto body_bytes = static_cast<std::uint32_t>(length - header_bytes);
        std::memcpy(out.data() + before + 4, &body_bytes, sizeof body_bytes);
        error = check(std::span<const std::byte>(out).subspan(before + header_bytes));
    }
    if (error) out.resize(before);
    return error;
}

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

inline Exited read_exited(Reader& in) {
    Exited out;
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
    return out;
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

inline DecodeError next_message(std::span<const std::byte>& packet, Message& out) {
    detail::Reader in(packet);
    const auto version = in.number<std::uint16_t>("header");
    const auto type = in.number<std::uint16_t>("header");
    const auto length = in.number<std::uint32_t>("header");
    if (in.error()) return in.error();
    if (version != protocol_version) return {DecodeFault::unsupported_version, "version"};
    out.type = static_cast<MessageType>(type);
    if (!is_known(out.type)) return {DecodeFault::unknown_type, "type"};
    if (length > packet.size() - header_bytes) return {DecodeFault::truncated, "message"};
    out.body = packet.subspan(header_bytes, length);
    packet = packet.subspan(header_bytes + length);
    return {};
}

inline std::uint32_t LaunchView::group(std::uint32_t index) const {
    std::uint32_t value = 0;
    std::memcpy(&value, groups + index * sizeof value, sizeof value);
    return value;
}

inline ResourceLimit LaunchView::limit(std::uint32_t index) const {
    const std::byte* const at = limits + std::size_t{index} * 20;
    ResourceLimit value;
    std::memcpy(&value.resource, at, 4);
    std::memcpy(&value.soft, at + 4, 8);
    std::memcpy(&value.hard, at + 12, 8);
    return value;
}

inline DecodeError decode(std::span<const std::byte> body, Hello& out) {
    detail::Reader in(body);
    out.agent = in.text("agent", agent_name_bytes_max);
    return in.finish();
}

inline DecodeError decode(std::span<const std::byte> body, LaunchView& out) {
    detail::Reader in(body);
    out.key = in.key();
    out.sandbox = in.text("sandbox", path_bytes_max);
    if (out.sandbox.empty() || out.sandbox.front() != '/') {
        in.fail(DecodeFault::bad_value, "sandbox");
    }
    out.directory = in.text("directory", path_bytes_max);
    out.stdout_name = in.text("stdout", file_name_bytes_max);
    if (!detail::is_file_name(out.stdout_name)) in.fail(DecodeFault::bad_value, "stdout");
    out.stderr_name = in.text("stderr", file_name_bytes_max);
    if (!detail::is_file_name(out.stderr_name)) in.fail(DecodeFault::bad_value, "stderr");
    const bool has_uid = in.flag("uid");
    const auto uid = in.number<std::uint32_t>("uid");
    const bool has_gid = in.flag("gid");
    const auto gid = in.number<std::uint32_t>("gid");
    out.uid = has_uid ? std::optional<std::uint32_t>(uid) : std::nullopt;
    out.gid = has_gid ? std::optional<std::uint32_t>(gid) : std::nullopt;
    // The kernel takes all ones for "leave it as it is", which would be the launcher's own user.
    if ((has_uid && uid == UINT32_MAX) || (!has_uid && uid != 0)) {
        in.fail(DecodeFault::bad_value, "uid");
    }
    if ((has_gid && gid == UINT32_MAX) || (!has_gid && gid != 0)) {
        in.fail(DecodeFault::bad_value, "gid");
    }
    out.umask = in.bounded("umask", 0, 0777);
    out.leftover_grace_ms = in.bounded("leftover_grace_ms", 0, grace_ms_max);
    out.group_count = in.number<std::uint32_t>("groups");
    if (out.group_count > groups_max) in.fail(DecodeFault::too_many, "groups");
    if (out.group_count > 0 && !has_uid) in.fail(DecodeFault::bad_value, "groups");
    if (!in.error()) out.groups = in.block("groups", std::size_t{out.group_count} * 4);
    out.limit_count = in.number<std::uint32_t>("limits");
    if (out.limit_count > rlimits_max) in.fail(DecodeFault::too_many, "limits");
    if (!in.error()) out.limits = in.block("limits", std::size_t{out.limit_count} * 20);
    out.arguments = in.texts("arguments", arguments_max, [](std::string_view) { return true; });
    if (out.arguments.size() == 0) in.fail(DecodeFault::bad_value, "arguments");
    bool program_is_empty = false;
    if (!in.error()) {
        std::size_t index = 0;
        out.arguments.for_each([&](const char*, std::size_t length) {
            if (index++ == 0) program_is_empty = length == 0;
        });
    }
    if (program_is_empty) in.fail(DecodeFault::bad_value, "arguments");
    out.environment = in.texts("environment", environment_max, [](std::string_view item) {
        return item.find('=') != std::string_view::npos && item.front() != '=';
    });
    return in.finish();
}

inline DecodeError decode(std::span<const std::byte> body, KillRequest& out) {
    detail::Reader in(body);
    out.key = in.key();
    out.signal = in.bounded("signal", 1, 64);
    out.grace_ms = in.bounded("grace_ms", 0, grace_ms_max);
    return in.finish();
}

inline DecodeError decode(std::span<const std::byte> body, ForgetRequest& out) {
    detail::Reader in(body);
    out.key = in.key();
    return in.finish();
}

inline DecodeError decode(std::span<const std::byte> body, ListRequest&) {
    return detail::Reader(body).finish();
}

inline DecodeError decode(std::span<const std::byte> body, ShutdownRequest& out) {
    detail::Reader in(body);
    out.kill_all = in.flag("kill_all");
    out.grace_ms = in.bounded("grace_ms", 0, grace_ms_max);
    return in.finish();
}

inline DecodeError decode(const Message& message, Report& out) {
    detail::Reader in(message.body);
    switch (message.type) {
    case MessageType::hello_ok: {
        HelloOk report;
        report.pid = in.number<std::uint32_t>("pid");
        report.boot_id = in.text("boot_id", 64);
        out = report;
        break;
    }
    case MessageType::refused: {
        Refused report;
        report.request = static_cast<MessageType>(in.number<std::uint16_t>("request"));
        report.reason = static_cast<RefusedReason>(in.number<std::uint16_t>("reason"));
        if (report.reason < RefusedReason::malformed ||
            report.reason > RefusedReason::system_error) {
            in.fail(DecodeFault::bad_value, "reason");
        }
        report.key = in.bytes("key", key_bytes_max);
        report.message = in.text("message", message_bytes_max);
        out = report;
        break;
    }
    case MessageType::starting: {
        out = Starting{in.key()};
        break;
    }
    case MessageType::started: {
        Started report;
        report.key = in.key();
        report.pid = in.number<std::uint32_t>("pid");
        report.start_wall_ns = in.number<std::int64_t>("start");
        report.start_monotonic_ns = in.number<std::int64_t>("start");
        report.listed = in.flag("listed");
        out = report;
        break;
    }
    case MessageType::failed: {
        Failed report;
        report.key = in.key();
        report.step = static_cast<LaunchStep>(in.number<std::uint16_t>("step"));
        if (report.step > LaunchStep::supervise) in.fail(DecodeFault::bad_value, "step");
        report.error = in.number<std::uint32_t>("error");
        report.message = in.text("message", message_bytes_max);
        report.listed = in.flag("listed");
        out = report;
        break;
    }
    case MessageType::exited: {
        out = detail::read_exited(in);
        break;
    }
    case MessageType::list_end: {
        out = ListEnd{in.number<std::uint32_t>("count")};
        break;
    }
    case MessageType::closing: {
        const auto reason = static_cast<ClosingReason>(in.number<std::uint16_t>("reason"));
        if (reason < ClosingReason::replaced || reason > ClosingReason::parent_gone) {
            in.fail(DecodeFault::bad_value, "reason");
        }
        out = Closing{reason};
        break;
    }
    case MessageType::hello:
    case MessageType::launch:
    case MessageType::kill:
    case MessageType::forget:
    case MessageType::list:
    case MessageType::shutdown: return {DecodeFault::unknown_type, "type"};
    }
    return in.finish();
}

inline DecodeError encode(const Hello& request, Bytes& out) {
    return detail::encode_request(
        MessageType::hello, out, [&](auto& writer) { writer.text(request.agent); },
        [](std::span<const std::byte> body) {
            Hello view;
            return decode(body, view);
        });
}

inline DecodeError encode(const LaunchRequest& request, Bytes& out) {
    return detail::encode_request(
        MessageType::launch, out,
        [&](auto& writer) {
            writer.text(request.key);
            writer.text(request.sandbox);
            writer.text(request.directory);
            writer.text(request.stdout_name);
            writer.text(request.stderr_name);
            writer.flag(request.uid.has_value());
            writer.number(request.uid.value_or(0));
            writer.flag(request.gid.has_value());
            writer.number(request.gid.value_or(0));
            writer.number(request.umask);
            writer.number(request.leftover_grace_ms);
            writer.number(static_cast<std::uint32_t>(request.groups.size()));
            for (const auto group : request.groups) writer.number(group);
            writer.number(static_cast<std::uint32_t>(request.limits.size()));
            for (const auto& limit : request.limits) {
                writer.number(limit.resource);
                writer.number(limit.soft);
                writer.number(limit.hard);
            }
            writer.texts(request.arguments);
            writer.texts(request.environment);
        },
        [](std::span<const std::byte> body) {
            LaunchView view;
            return decode(body, view);
        });
}

inline DecodeError encode(const KillRequest& request, Bytes& out) {
    return detail::encode_request(
        MessageType::kill, out,
        [&](auto& writer) {
            writer.text(request.key);
            writer.number(request.signal);
            writer.number(request.grace_ms);
        },
        [](std::span<const std::byte> body) {
            KillRequest view;
            return decode(body, view);
        });
}

inline DecodeError encode(const ForgetRequest& request, Bytes& out) {
    return detail::encode_request(
        MessageType::forget, out, [&](auto& writer) { writer.text(request.key); },
        [](std::span<const std::byte> body) {
            ForgetRequest view;
            return decode(body, view);
        });
}

inline DecodeError encode(const ListRequest&, Bytes& out) {
    return detail::encode_request(
        MessageType::list, out, [](auto&) {},
        [](std::span<const std::byte> body) {
            ListRequest view;
            return decode(body, view);
        });
}

inline DecodeError encode(const ShutdownRequest& request, Bytes& out) {
    return detail::encode_request(
        MessageType::shutdown, out,
        [&](auto& writer) {
            writer.flag(request.kill_all);
            writer.number(request.grace_ms);
        },
        [](std::span<const std::byte> body) {
            ShutdownRequest view;
            return decode(body, view);
        });
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
