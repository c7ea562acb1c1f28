// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/proto/checkpoint.pb.h>
#include <offerkit/record/checkpoint_codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

namespace offerkit::record {

// A namespace of its own: what reads and writes a registry has the same names.
namespace checkpoint {
namespace {

namespace pb = offerkit::v1;
using agent::checkpoint::Contents;
using agent::checkpoint::PutIdentity;
using agent::checkpoint::PutStart;
using agent::checkpoint::PutStatus;
using agent::checkpoint::PutTask;
using agent::checkpoint::RemoveStatus;
using agent::checkpoint::RemoveTask;
using agent::checkpoint::Task;
using wire::detail::from_wire;
using wire::detail::to_wire;
using Changes = std::vector<KeyChange>;

// --- keys ---

constexpr std::string_view start_key = "start";
constexpr std::string_view identity_key = "identity";
constexpr std::string_view status_kind = "status/";
constexpr std::string_view task_kind = "task/";
constexpr std::string_view state_kind = "taskstate/";
constexpr std::size_t id_digits = 16;

void add_hexadecimal(std::uint64_t value, std::string& key) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4)
        key += digits[(value >> shift) & 0xf];
}

std::optional<std::uint64_t> read_hexadecimal(std::string_view text) {
    if (text.size() != id_digits) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        const bool is_letter = c >= 'a' && c <= 'f';
        if (!is_letter && (c < '0' || c > '9')) return std::nullopt;
        value = (value << 4) | static_cast<std::uint64_t>(is_letter ? c - 'a' + 10 : c - '0');
    }
    return value;
}

std::string key_of(std::string_view kind, FrameworkId framework, const TaskId& task) {
    std::string key{kind};
    add_hexadecimal(framework.value(), key);
    return key + '/' + task.text();
}

std::string key_of(StatusId status) {
    std::string key{status_kind};
    add_hexadecimal(status.value(), key);
    return key;
}

// --- writes ---

template <class Message>
std::string bytes_of(const Message& message) {
    // It cannot fail: no field is required, and a value is far below protobuf's 2 GiB.
    return message.SerializePartialAsString();
}

std::string state_bytes(TaskState state, StatusReason reason) {
    pb::KeptTaskState kept;
    kept.set_state(to_wire(state));
    kept.set_reason(to_wire(reason));
    return bytes_of(kept);
}

void add(const PutStart& write, Changes& out) {
    pb::KeptStart kept;
    kept.set_run(write.run);
    to_wire(write.info, *kept.mutable_info());
    out.push_back({std::string(start_key), bytes_of(kept)});
}

void add(const PutIdentity& write, Changes& out) {
    pb::KeptIdentity kept;
    kept.set_agent(write.agent.value());
    kept.set_epoch(write.epoch);
    out.push_back({std::string(identity_key), bytes_of(kept)});
}

void add(const PutTask& write, Changes& out) {
    const Task& task = write.task;
    pb::KeptTask kept;
    kept.set_framework_name(task.framework_name);
    kept.set_user(task.user);
    kept.set_role(task.role.path());
    to_wire(task.info, *kept.mutable_info());
    kept.set_sandbox(task.sandbox);
    kept.set_boot_id(task.boot_id);
    out.push_back({key_of(task_kind, task.framework, task.info.id), bytes_of(kept)});
    out.push_back(
        {key_of(state_kind, task.framework, task.info.id), state_bytes(task.state, task.reason)});
}

void add(const RemoveTask& write, Changes& out) {
    out.push_back({key_of(task_kind, write.framework, write.task), std::nullopt});
    out.push_back({key_of(state_kind, write.framework, write.task), std::nullopt});
    for (const StatusId status : write.statuses)
        out.push_back({key_of(status), std::nullopt});
}

void add(const PutStatus& write, Changes& out) {
    const TaskStatus& status = write.update.status;
    pb::KeptStatus kept;
    kept.set_framework(write.update.framework.value());
    to_wire(status, *kept.mutable_status());
    out.push_back({key_of(status.id), bytes_of(kept)});
    out.push_back({key_of(state_kind, write.update.framework, status.task),
                   state_bytes(status.state, status.reason)});
}

void add(const RemoveStatus& write, Changes& out) {
    out.push_back({key_of(write.status), std::nullopt});
}

// --- reading, `name` being what follows the kind in a key ---

Refusal malformed(std::string why) { return {RefusalCode::malformed, "", "", std::move(why), ""}; }

template <class Message>
Result<Message> message_of(std::string_view bytes) {
    Message message;
    if (message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
    return malformed("its value is not such a message");
}

Result<void> read_start(std::string_view bytes, Contents& contents) {
    const auto kept = message_of<pb::KeptStart>(bytes);
    if (!kept) return kept.error();
    if (kept->run() == 0) return malformed("it counts no run");
    contents.run = kept->run();
    return from_wire(kept->info(), contents.info);
}

Result<void> read_identity(std::string_view bytes, Contents& contents) {
    const auto kept = message_of<pb::KeptIdentity>(bytes);
    if (!kept) return kept.error();
    contents.agent = AgentId::from_value(kept->agent());
    contents.epoch = kept->epoch();
    return {};
}

struct TaskName {
    FrameworkId framework;
    TaskId task;
};

std::optional<TaskName> read_task_name(std::string_view name) {
    const auto framework = read_hexadecimal(name.substr(0, id_digits));
    if (!framework || *framework == 0 || name.size() <= id_digits + 1 || name[id_digits] != '/') {
        return std::nullopt;
    }
    return TaskName{FrameworkId::from_value(*framework), TaskId{name.substr(id_digits + 1)}};
}

Result<void> read_task(std::string_view name, std::string_view bytes, Contents& contents) {
    auto named = read_task_name(name);
    if (!named) return malformed("its key names no task");
    const auto kept = message_of<pb::KeptTask>(bytes);
    if (!kept) return kept.error();
    Task task;
    task.framework = named->framework;
    task.framework_name = kept->framework_name();
    task.user = kept->user();
    if (auto read = wire::detail::read_role(kept->role(), task.role); !read) return read;
    if (auto read = from_wire(kept->info(), offerkit::detail::CommandOf::task, task.info); !read) {
        return read;
    }
    if (task.info.id != named->task) return malformed("key and value name different tasks");
    task.sandbox = kept->sandbox();
    if (task.sandbox.empty()) return malformed("it names no sandbox");
    task.boot_id = kept->boot_id();
    contents.tasks.push_back(std::move(task));
    return {};
}

/// Pre: all tasks are there, in order.
Task* find_task(Contents& contents, FrameworkId framework, const TaskId& id) {
    const auto key = [](const Task& task) { return std::tie(task.framework, task.info.id); };
    const auto place =
        std::ranges::lower_bound(contents.tasks, std::tie(framework, id), std::less{}, key);
    if (place == contents.tasks.end() || key(*place) != std::tie(framework, id)) return nullptr;
    return &*place;
}

Result<void> read_state(std::string_view name, std::string_view bytes, Contents& contents) {
    const auto named = read_task_name(name);
    Task* const task = named ? find_task(contents, named->framework, named->task) : nullptr;
    if (task == nullptr) return malformed("there is no such task");
    const auto kept = message_of<pb::KeptTaskState>(bytes);
    if (!kept) return kept.error();
    const Subject who{"task", task->info.id.text()};
    if (auto read = wire::detail::read_enum(who, "state", kept->state(), task->state); !read) {
        return read;
    }
    task->reason =
        wire::detail::find_enum<StatusReason>(kept->reason()).value_or(StatusReason::foreign);
    return {};
}

Result<void> read_status(std::string_view name, std::string_view bytes, Contents& contents) {
    const auto kept = message_of<pb::KeptStatus>(bytes);
    if (!kept) return kept.error();
    protocol::StatusUpdate update;
    update.framework = FrameworkId::from_value(kept->framework());
    if (auto read = from_wire(kept->status(), update.status); !read) return read;
    if (update.status.id.is_none() || read_hexadecimal(name) != update.status.id.value()) {
        return malformed("key and value name different statuses");
    }
    if (find_task(contents, update.framework, update.status.task) == nullptr) {
        return malformed("its task is not there");
    }
    contents.statuses.push_back(std::move(update));
    return {};
}

/// Reads one value if it is of the kind that is read in this pass: tasks before what is said of
/// them.
Result<void> read_value(const KeyValue& from, int pass, Contents& contents) {
    const std::string_view key = from.key;
    const auto name = [&](std::string_view kind) { return key.substr(kind.size()); };
    if (key == start_key) return pass == 0 ? read_start(from.value, contents) : Result<void>{};
    if (key == identity_key) {
        return pass == 0 ? read_identity(from.value, contents) : Result<void>{};
    }
    if (key.starts_with(task_kind)) {
        return pass == 0 ? read_task(name(task_kind), from.value, contents) : Result<void>{};
    }
    if (key.starts_with(state_kind)) {
        return pass == 1 ? read_state(name(state_kind), from.value, contents) : Result<void>{};
    }
    if (key.starts_with(status_kind)) {
        return pass == 1 ? read_status(name(status_kind), from.value, contents) : Result<void>{};
    }
    return Refusal{RefusalCode::unsupported, "", "", "this version does not know such keys", ""};
}

Refusal name_key(const KeyValue& from, Refusal refusal) {
    refusal.todo.clear();
    return {refusal.code, "checkpoint key " + from.key.substr(0, 100), "read its value",
            format_refusal(refusal),
            "start the version that wrote it, or a later one; or start with an empty work folder, "
            "then its tasks are lost"};
}

}  // namespace
}  // namespace checkpoint

std::vector<KeyChange> changes_of(const agent::checkpoint::Write& write) {
    std::vector<KeyChange> changes;
    std::visit([&](const auto& each) { checkpoint::add(each, changes); }, write);
    return changes;
}

Result<agent::checkpoint::Contents> checkpoint_of(std::span<const KeyValue> values) {
    using agent::checkpoint::Task;
    agent::checkpoint::Contents contents;
    for (int pass = 0; pass < 2; ++pass) {
        for (const KeyValue& each : values) {
            if (auto read = checkpoint::read_value(each, pass, contents); !read) {
                return checkpoint::name_key(each, std::move(read).error());
            }
        }
        std::ranges::sort(contents.tasks, {},
                          [](const Task& task) { return std::pair{task.framework, task.info.id}; });
    }
    std::ranges::sort(contents.statuses, {},
                      [](const protocol::StatusUpdate& each) { return each.status.id; });
    return contents;
}

}  // namespace offerkit::record
