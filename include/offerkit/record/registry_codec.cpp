// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/proto/registry.pb.h>
#include <offerkit/record/registry_codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace offerkit::record {

namespace registry_keys {

using namespace master::registry;
namespace pb = offerkit::v1;
using wire::detail::from_wire;
using wire::detail::to_wire;

// --- keys ---

constexpr std::size_t id_digits = 16;

template <class Id>
std::string key_of(std::string_view kind, Id id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string key{kind};
    for (int shift = 60; shift >= 0; shift -= 4)
        key += digits[(id.value() >> shift) & 0xf];
    return key;
}

template <class Id>
std::optional<Id> id_of(std::string_view text) {
    if (text.size() != id_digits) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const bool is_letter = c >= 'a' && c <= 'f';
        if (!is_letter && (c < '0' || c > '9')) return std::nullopt;
        value = (value << 4) | static_cast<std::uint64_t>(is_letter ? c - 'a' + 10 : c - '0');
    }
    if (value == 0) return std::nullopt;
    return Id::from_value(value);
}

template <class Message>
std::string bytes_of(const Message& message) {
    // It cannot fail: no field is required, and a value is far below protobuf's 2 GiB.
    return message.SerializePartialAsString();
}

template <class Message>
Result<Message> message_of(std::string_view bytes) {
    Message message;
    if (message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
    return Refusal{RefusalCode::malformed, "", "", "its value is not such a message", ""};
}

// --- each kind of write: what it changes, and how it is read back ---

constexpr std::string_view agent_kind = "agent/";
constexpr std::string_view unreachable_kind = "unreachable/";
constexpr std::string_view mode_kind = "mode/";
constexpr std::string_view gone_kind = "gone/";
constexpr std::string_view framework_kind = "framework/";
constexpr std::string_view role_kind = "role/";

using Changes = std::vector<KeyChange>;

void add(const AdmitAgent& write, Changes& out) {
    pb::KeptAgent kept;
    to_wire(write.info, *kept.mutable_info());
    out.push_back({key_of(agent_kind, write.agent), bytes_of(kept)});
    out.push_back({key_of(unreachable_kind, write.agent), std::nullopt});
    out.push_back({key_of(gone_kind, write.agent), std::nullopt});
}

void forget_member(AgentId agent, Changes& out) {
    for (const std::string_view kind : {agent_kind, unreachable_kind, mode_kind})
        out.push_back({key_of(kind, agent), std::nullopt});
}

void add(const RemoveAgent& write, Changes& out) {
    forget_member(write.agent, out);
    out.push_back({key_of(gone_kind, write.agent), std::nullopt});
}

std::string mark_bytes(WallTime at) {
    pb::KeptMark kept;
    kept.set_at(at.ns);
    return bytes_of(kept);
}

void add(const MarkUnreachable& write, Changes& out) {
    out.push_back({key_of(unreachable_kind, write.agent), mark_bytes(write.since)});
}

void add(const MarkGone& write, Changes& out) {
    forget_member(write.agent, out);
    out.push_back({key_of(gone_kind, write.agent), mark_bytes(write.at)});
}

struct ModePair {
    AgentMode mode;
    pb::KeptMode kept;
};
constexpr std::array modes = {ModePair{AgentMode::deactivated, pb::KEPT_MODE_DEACTIVATED},
                              ModePair{AgentMode::draining, pb::KEPT_MODE_DRAINING},
                              ModePair{AgentMode::drained, pb::KEPT_MODE_DRAINED}};

/// None for an active agent, which has no value.
std::optional<std::string> mode_bytes(const SetAgentMode& write) {
    for (const ModePair& each : modes) {
        if (each.mode != write.mode) continue;
        pb::KeptAgentMode kept;
        kept.set_mode(each.kept);
        if (write.deadline != WallTime{}) kept.set_deadline(write.deadline.ns);
        return bytes_of(kept);
    }
    return std::nullopt;
}

void add(const SetAgentMode& write, Changes& out) {
    out.push_back({key_of(mode_kind, write.agent), mode_bytes(write)});
}

void add(const PutFramework& write, Changes& out) {
    pb::KeptFramework kept;
    to_wire(write.info, *kept.mutable_info());
    out.push_back({key_of(framework_kind, write.framework), bytes_of(kept)});
}

void add(const RemoveFramework& write, Changes& out) {
    out.push_back({key_of(framework_kind, write.framework), std::nullopt});
}

void add(const PutRole& write, Changes& out) {
    pb::KeptRole kept;
    kept.set_weight(write.config.weight);
    to_wire(write.config.quota.guarantee, *kept.mutable_guarantee());
    for (const auto& [kind, amount] : write.config.quota.limits) {
        pb::KeptRole::Limit& limit = *kept.add_limits();
        limit.set_kind(kind);
        limit.set_amount(amount);
    }
    out.push_back({std::string(role_kind) + write.config.role.path(), bytes_of(kept)});
}

// `name` is what follows the kind in a key.

template <class Id>
Result<Id> read_id(std::string_view name) {
    if (const auto id = id_of<Id>(name)) return *id;
    return Refusal{RefusalCode::malformed, "", "", "its key holds no id", ""};
}

Result<Write> read_agent(std::string_view name, std::string_view bytes) {
    const auto id = read_id<AgentId>(name);
    if (!id) return id.error();
    const auto kept = message_of<pb::KeptAgent>(bytes);
    if (!kept) return kept.error();
    AdmitAgent write{*id, {}};
    if (auto valid = from_wire(kept->info(), write.info); !valid) return std::move(valid).error();
    return Write{std::move(write)};
}

template <class Mark>
Result<Write> read_mark(std::string_view name, std::string_view bytes) {
    const auto id = read_id<AgentId>(name);
    if (!id) return id.error();
    const auto kept = message_of<pb::KeptMark>(bytes);
    if (!kept) return kept.error();
    return Write{Mark{*id, WallTime{kept->at()}}};
}

Result<Write> read_mode(std::string_view name, std::string_view bytes) {
    const auto id = read_id<AgentId>(name);
    if (!id) return id.error();
    const auto kept = message_of<pb::KeptAgentMode>(bytes);
    if (!kept) return kept.error();
    for (const ModePair& each : modes) {
        if (each.kept == kept->mode())
            return Write{SetAgentMode{*id, each.mode, WallTime{kept->deadline()}}};
    }
    return Refusal{RefusalCode::unsupported, "", "", "its mode is not known to this version", ""};
}

Result<Write> read_framework(std::string_view name, std::string_view bytes) {
    const auto id = read_id<FrameworkId>(name);
    if (!id) return id.error();
    const auto kept = message_of<pb::KeptFramework>(bytes);
    if (!kept) return kept.error();
    PutFramework write{*id, {}};
    if (auto valid = from_wire(kept->info(), write.info); !valid) return std::move(valid).error();
    return Write{std::move(write)};
}

Result<Write> read_role(std::string_view name, std::string_view bytes) {
    const auto kept = message_of<pb::KeptRole>(bytes);
    if (!kept) return kept.error();
    PutRole write;
    const std::string path{name};
    if (auto read = wire::detail::read_role(path, write.config.role); !read)
        return std::move(read).error();
    write.config.weight = kept->weight();
    const auto read =
        from_wire(kept->guarantee(), Subject{"role", path}, write.config.quota.guarantee);
    if (!read) return read.error();
    for (const pb::KeptRole::Limit& limit : kept->limits())
        write.config.quota.limits.emplace_back(limit.kind(), limit.amount());
    if (auto valid = validate(write.config); !valid) return std::move(valid).error();
    return Write{std::move(write)};
}

struct Kind {
    std::string_view prefix;
    Result<Write> (*read)(std::string_view name, std::string_view bytes);
};

constexpr std::array kinds = {
    Kind{agent_kind, read_agent},         Kind{unreachable_kind, read_mark<MarkUnreachable>},
    Kind{mode_kind, read_mode},           Kind{gone_kind, read_mark<MarkGone>},
    Kind{framework_kind, read_framework}, Kind{role_kind, read_role}};

Result<Write> read_write(const KeyValue& from) {
    for (const Kind& kind : kinds) {
        if (from.key.starts_with(kind.prefix))
            return kind.read(std::string_view(from.key).substr(kind.prefix.size()), from.value);
    }
    return Refusal{RefusalCode::unsupported, "", "", "this version does not know such keys", ""};
}

Refusal name_key(const KeyValue& from, Refusal refusal) {
    refusal.todo.clear();
    return {refusal.code, "registry key " + from.key.substr(0, 100), "read its value",
            format_refusal(refusal), "start the version that wrote it, or a later one"};
}

}  // namespace registry_keys

std::vector<KeyChange> changes_of(const master::registry::Write& write) {
    std::vector<KeyChange> changes;
    std::visit([&](const auto& each) { registry_keys::add(each, changes); }, write);
    return changes;
}

Result<master::registry::Contents> registry_of(std::span<const KeyValue> values) {
    master::registry::Contents contents;
    // Members come first in the order of keys, before what is said of them.
    for (const KeyValue& each : values) {
        auto write = registry_keys::read_write(each);
        if (!write) return registry_keys::name_key(each, std::move(write).error());
        master::registry::apply(contents, *write);
    }
    return contents;
}

}  // namespace offerkit::record
