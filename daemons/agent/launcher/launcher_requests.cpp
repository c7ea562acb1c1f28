// SPDX-License-Identifier: Apache-2.0
// What the controlling connection asks for.

#include "launcher.hpp"

#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace offerkit::launcher {
namespace {

std::uint32_t hash_of(std::string_view key) {
    std::uint32_t hash = 2166136261U;
    for (const char letter : key)
        hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619U;
    return hash;
}

}  // namespace

void Launcher::serve(Connection& connection) {
    while (connection.is_open() && !connection.pending.empty() && connection.has_room() &&
           connection.list_at == Connection::list_idle) {
        Message message;
        if (const auto error = next_message(connection.pending, message)) {
            // Where the next message begins is unknown, so the rest of the packet is dropped.
            connection.pending = {};
            refuse_malformed(connection, message.type, error);
            return;
        }
        serve_message(connection, message);
    }
}

void Launcher::serve_message(Connection& connection, const Message& message) {
    if (message.type != MessageType::hello && !connection.has_control) {
        refuse(connection, message.type, RefusedReason::hello_needed, {},
               "this connection has not said hello, say it first");
        return;
    }
    switch (message.type) {
        case MessageType::hello:
            on_hello(connection, message);
            return;
        case MessageType::launch:
            on_launch(connection, message);
            return;
        case MessageType::kill:
            on_kill(connection, message);
            return;
        case MessageType::forget:
            on_forget(connection, message);
            return;
        case MessageType::list:
            on_list(connection, message);
            return;
        case MessageType::shutdown:
            on_shutdown(connection, message);
            return;
        case MessageType::hello_ok:
        case MessageType::refused:
        case MessageType::starting:
        case MessageType::started:
        case MessageType::failed:
        case MessageType::exited:
        case MessageType::list_end:
        case MessageType::closing:
            refuse_malformed(connection, message.type, {DecodeFault::unknown_type, "request type"});
            return;
    }
}

void Launcher::refuse(Connection& connection, MessageType request, RefusedReason reason,
                      std::string_view key, const char* message) {
    (void)connection.add(Refused{request, reason, key, message});
}

void Launcher::refuse_malformed(Connection& connection, MessageType request,
                                const DecodeError& error) {
    char text[256];
    std::snprintf(text, sizeof text, "%s: %s %s", is_known(request) ? name_of(request) : "packet",
                  error.field, describe(error.fault));
    const auto reason = error.fault == DecodeFault::unsupported_version
                            ? RefusedReason::unsupported_version
                            : RefusedReason::malformed;
    refuse(connection, request, reason, {}, text);
}

void Launcher::on_hello(Connection& connection, const Message& message) {
    Hello request;
    if (const auto error = decode(message.body, request)) {
        refuse_malformed(connection, message.type, error);
        return;
    }
    for (auto& other : connections_) {
        if (&other == &connection || !other.is_open()) continue;
        (void)other.add(Closing{ClosingReason::replaced});
        (void)other.flush();
        drop(other);
    }
    connection.has_control = true;
    (void)connection.add(HelloOk{static_cast<std::uint32_t>(::getpid()), records_.boot_id()});
}

void Launcher::on_launch(Connection& connection, const Message& message) {
    LaunchView request;
    if (const auto error = decode(message.body, request)) {
        refuse_malformed(connection, message.type, error);
        return;
    }
    const auto refuse_launch = [&](RefusedReason reason, const char* text) {
        refuse(connection, message.type, reason, request.key, text);
    };
    if (shutting_down_) {
        return refuse_launch(RefusedReason::shutting_down, "the launcher is shutting down");
    }
    const auto hash = hash_of(request.key);
    if (find(request.key, hash) != none) {
        return refuse_launch(RefusedReason::already_exists,
                             "a task with this key already exists, use a new key");
    }
    char text[256];
    if (live_ >= options_.tasks_max) {
        std::snprintf(text, sizeof text,
                      "tasks-max: %u tasks run already, launch again when one has ended",
                      options_.tasks_max);
        return refuse_launch(RefusedReason::too_many_tasks, text);
    }
    if (first_free_ == none) {
        std::snprintf(text, sizeof text,
                      "records_max: %u records are kept already, forget ended tasks first",
                      records_max);
        return refuse_launch(RefusedReason::too_many_records, text);
    }
    const auto slot = take_slot(request.key, hash);
    if (slot == none) {
        std::snprintf(text, sizeof text, "cannot write the record: %s", std::strerror(errno));
        return refuse_launch(RefusedReason::system_error, text);
    }
    fork_supervisor(slot, request);
}

void Launcher::on_kill(Connection& connection, const Message& message) {
    KillRequest request;
    if (const auto error = decode(message.body, request)) {
        refuse_malformed(connection, message.type, error);
        return;
    }
    const auto slot = find(request.key, hash_of(request.key));
    if (slot == none) {
        refuse(connection, message.type, RefusedReason::unknown_key, request.key,
               "no task has this key");
        return;
    }
    // Ended, or about to be: its report says how, and comes without being asked for.
    const auto state = tasks_[slot].state;
    if (state != TaskState::running && state != TaskState::adopted) return;
    if (!send_kill(slot, request.signal, request.grace_ms)) {
        char text[256];
        std::snprintf(text, sizeof text, "cannot signal the supervisor: %s, ask again",
                      std::strerror(errno));
        refuse(connection, message.type, RefusedReason::system_error, request.key, text);
    }
}

void Launcher::on_forget(Connection& connection, const Message& message) {
    ForgetRequest request;
    if (const auto error = decode(message.body, request)) {
        refuse_malformed(connection, message.type, error);
        return;
    }
    const auto slot = find(request.key, hash_of(request.key));
    // Forgetting twice is what a repeated message does, so it is no error.
    if (slot == none) return;
    if (tasks_[slot].state != TaskState::ended) {
        refuse(connection, message.type, RefusedReason::still_running, request.key,
               "the task has not ended, kill it first");
        return;
    }
    if (!records_.erase(slot)) {
        refuse(connection, message.type, RefusedReason::system_error, request.key,
               "cannot erase the record, ask again");
        return;
    }
    free_slot(slot);
}

void Launcher::on_list(Connection& connection, const Message& message) {
    ListRequest request;
    if (const auto error = decode(message.body, request)) {
        refuse_malformed(connection, message.type, error);
        return;
    }
    connection.list_at = 0;
    connection.list_count = 0;
}

void Launcher::on_shutdown(Connection& connection, const Message& message) {
    ShutdownRequest request;
    if (const auto error = decode(message.body, request)) {
        refuse_malformed(connection, message.type, error);
        return;
    }
    begin_shutdown(request.kill_all, request.grace_ms, ClosingReason::shutdown);
}

std::uint32_t Launcher::find(std::string_view key, std::uint32_t hash) const {
    return by_key_->find(hash, [&](std::uint32_t slot) { return records_.key(slot) == key; });
}

std::uint32_t Launcher::take_slot(std::string_view key, std::uint32_t hash) {
    const auto slot = first_free_;
    auto& task = tasks_[slot];
    const auto next = task.next;
    auto generation = records_.last_generation(slot) + 1;
    if (generation == 0) generation = 1;
    if (!records_.write_accepted(slot, generation, key)) return none;
    first_free_ = next;
    task = Task{};
    task.generation = generation;
    hold(slot, hash);
    return slot;
}

void Launcher::hold(std::uint32_t slot, std::uint32_t hash) {
    tasks_[slot].key_hash = hash;
    by_key_->insert(hash, slot);
    ++live_;
}

std::uint32_t Launcher::hash_of_record(std::uint32_t slot) const {
    return hash_of(records_.key(slot));
}

}  // namespace offerkit::launcher
