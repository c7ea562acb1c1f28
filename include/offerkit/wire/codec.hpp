// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Protocol messages to bytes and back. The bytes are protobuf (wire/proto), which nobody outside
/// sees: what `decode` returns is a valid value of the domain, or the reason why there is none.

#include <offerkit/core/result.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/executor_message.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/scheduler_call.hpp>
#include <offerkit/protocol/scheduler_event.hpp>
#include <offerkit/wire/frame.hpp>

#include <string_view>

namespace offerkit::wire {

/// Appends to `out`. The bytes of valid values decode to equal values; in a Refusal, whose texts
/// may quote what was wrong, `printable` is applied. Complexity: linear in the size of the value.
/// Pre: resources are in portable form.
void encode(const protocol::Hello& hello, Bytes& out);
void encode(const protocol::Welcome& welcome, Bytes& out);
void encode(const Refusal& refusal, Bytes& out);
void encode(const protocol::SchedulerCall& call, Bytes& out);
void encode(const protocol::SchedulerEvent& event, Bytes& out);
void encode(const protocol::AgentMessage& message, Bytes& out);
void encode(const protocol::MasterMessage& message, Bytes& out);
void encode(const protocol::ExecutorCall& call, Bytes& out);
void encode(const protocol::ExecutorEvent& event, Bytes& out);

/// Reads one message of the type that is asked for. Fields that this version does not know are
/// skipped. Refuses: `malformed` for bytes that are not such a message; `unsupported` for a message
/// of a kind that this version does not know; `invalid` and `too_large` for one that breaks the
/// rules of `model/validate.hpp` or has too many elements.
template <class T>
[[nodiscard]] Result<T> decode(std::string_view bytes) = delete;

// clang-format off
template <> [[nodiscard]] Result<protocol::Hello> decode(std::string_view bytes);
template <> [[nodiscard]] Result<protocol::Welcome> decode(std::string_view bytes);
template <> [[nodiscard]] Result<protocol::SchedulerCall> decode(std::string_view bytes);
template <> [[nodiscard]] Result<protocol::SchedulerEvent> decode(std::string_view bytes);
template <> [[nodiscard]] Result<protocol::AgentMessage> decode(std::string_view bytes);
template <> [[nodiscard]] Result<protocol::MasterMessage> decode(std::string_view bytes);
template <> [[nodiscard]] Result<protocol::ExecutorCall> decode(std::string_view bytes);
template <> [[nodiscard]] Result<protocol::ExecutorEvent> decode(std::string_view bytes);
// clang-format on

/// The refusal that a peer sent; if the bytes are not one, the refusal that says so.
[[nodiscard]] Refusal decode_refusal(std::string_view bytes);

}  // namespace offerkit::wire
