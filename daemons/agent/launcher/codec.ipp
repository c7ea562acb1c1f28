// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bodies of codec.hpp for messages and requests; codec.hpp includes this file.

#include "codec.hpp"

namespace offerkit::launcher {
namespace detail {

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
            for (const auto group : request.groups)
                writer.number(group);
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

}  // namespace offerkit::launcher
