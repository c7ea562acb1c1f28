// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The messages of the wire as a list, and the questions that the tests ask of each.

#include "support/random_values.hpp"

#include <offerkit/wire/codec.hpp>

#include <catch2/catch.hpp>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <variant>

namespace offerkit::test {

template <class T>
struct MessageType {
    using type = T;
    std::string_view name;
};

/// Calls `f(MessageType<T>)` for each type that is decoded by its type.
template <class F>
void for_each_message_type(F&& f) {
    f(MessageType<protocol::Hello>{"hello"});
    f(MessageType<protocol::Welcome>{"welcome"});
    f(MessageType<protocol::SchedulerCall>{"scheduler_call"});
    f(MessageType<protocol::SchedulerEvent>{"scheduler_event"});
    f(MessageType<protocol::AgentMessage>{"agent_message"});
    f(MessageType<protocol::MasterMessage>{"master_message"});
    f(MessageType<protocol::ExecutorCall>{"executor_call"});
    f(MessageType<protocol::ExecutorEvent>{"executor_event"});
}

template <class T>
struct Alternatives : std::integral_constant<std::size_t, 0> {};
template <class... Ts>
struct Alternatives<std::variant<Ts...>> : std::integral_constant<std::size_t, sizeof...(Ts)> {};

/// How many different bodies a message of type `T` can have.
template <class T>
inline constexpr std::size_t alternatives =
    Alternatives<T>::value == 0 ? 1 : Alternatives<T>::value;

/// A message with this body.
template <class T>
T make_message(RandomValues& values, std::size_t alternative) {
    if constexpr (Alternatives<T>::value == 0) {
        return values.make<T>();
    } else {
        return values.make_alternative<T>(alternative);
    }
}

template <class T>
wire::Bytes encoded(const T& message) {
    wire::Bytes bytes;
    wire::encode(message, bytes);
    return bytes;
}

/// Tasks that were refused as an accept was read are told beside it, and never sent.
template <class T>
void forget_refused(T& message) {
    if constexpr (std::is_same_v<T, protocol::SchedulerCall>) {
        auto* const accept = std::get_if<protocol::Accept>(&message);
        if (accept == nullptr) return;
        for (Operation& operation : accept->operations) {
            if (auto* const launch = std::get_if<Launch>(&operation.action)) {
                launch->refused.clear();
            }
        }
    }
}

/// What decodes must encode again, to bytes that decode to the same.
template <class T>
bool is_refused_or_valid(std::string_view bytes) {
    auto read = wire::decode<T>(bytes);
    if (!read) return !read.error().why.empty();
    forget_refused(read.value());
    const auto again = wire::decode<T>(encoded(read.value()));
    return again.has_value() && again.value() == read.value();
}

/// Asserts that the value is taken as it is.
template <class T>
void check_taken(const T& message) {
    const auto read = wire::decode<T>(encoded(message));
    INFO((read ? "" : format_refusal(read.error())));
    REQUIRE(read.has_value());
    CHECK(read.value() == message);
}

/// Asserts that the bytes are refused with this code, for a reason that says so.
template <class T>
void check_refused(std::string_view bytes, RefusalCode code, std::string_view why) {
    const auto read = wire::decode<T>(bytes);
    REQUIRE_FALSE(read.has_value());
    const Refusal& refusal = read.error();
    INFO(format_refusal(refusal));
    CHECK(format_refusal_code(refusal.code) == format_refusal_code(code));
    CHECK(refusal.why.find(why) != refusal.why.npos);
    CHECK_FALSE(refusal.who.empty());
    CHECK_FALSE(refusal.what.empty());
    CHECK_FALSE(refusal.todo.empty());
}

template <class T>
void check_refused(const T& message, RefusalCode code, std::string_view why) {
    check_refused<T>(std::string_view{encoded(message)}, code, why);
}

/// A task that has what every task must have.
inline TaskInfo plain_task(std::string_view id = "t1") {
    TaskInfo task;
    task.id = TaskId{id};
    task.resources = Resources{Quantity<Cpus>::from_units(100)};
    task.command.shell = "true";
    return task;
}

inline ExecutorInfo plain_executor() {
    ExecutorInfo executor;
    executor.id = ExecutorId{"e1"};
    executor.command.shell = "true";
    return executor;
}

/// The task in a message of its own.
inline protocol::MasterMessage run(TaskInfo task) {
    protocol::RunTasks run;
    run.framework = FrameworkId{1, 1};
    run.tasks.push_back(std::move(task));
    return run;
}

}  // namespace offerkit::test
