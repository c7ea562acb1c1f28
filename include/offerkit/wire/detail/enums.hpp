// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Which enumerator is which on the wire, said once for both directions: the element at an
/// enumerator's position is its wire value.

#include <offerkit/wire/proto/common.pb.h>
#include <offerkit/wire/proto/hello.pb.h>
#include <offerkit/wire/proto/offer.pb.h>
#include <offerkit/wire/proto/resources.pb.h>
#include <offerkit/wire/proto/scheduler.pb.h>
#include <offerkit/wire/proto/task.pb.h>
#include <offerkit/core/assert.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/operation.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/scheduler_event.hpp>

#include <array>
#include <cstddef>
#include <optional>

namespace offerkit::wire::detail {

namespace pb = offerkit::v1;

template <class Domain>
inline constexpr auto wire_values = nullptr;

template <>
inline constexpr std::array wire_values<RefusalCode> = {
    pb::REFUSAL_CODE_MALFORMED,       pb::REFUSAL_CODE_INVALID,
    pb::REFUSAL_CODE_TOO_LARGE,       pb::REFUSAL_CODE_UNSUPPORTED,
    pb::REFUSAL_CODE_UNAUTHENTICATED, pb::REFUSAL_CODE_FORBIDDEN,
    pb::REFUSAL_CODE_WRONG_CLUSTER,   pb::REFUSAL_CODE_STALE_EPOCH,
    pb::REFUSAL_CODE_NOT_FOUND,       pb::REFUSAL_CODE_ALREADY_EXISTS,
    pb::REFUSAL_CODE_NOT_OWNER,       pb::REFUSAL_CODE_NO_LONGER_AVAILABLE,
    pb::REFUSAL_CODE_INSUFFICIENT,    pb::REFUSAL_CODE_CONFLICT,
    pb::REFUSAL_CODE_QUOTA_EXCEEDED,  pb::REFUSAL_CODE_UNAVAILABLE,
    pb::REFUSAL_CODE_CANCELLED,
};
static_assert(wire_values<RefusalCode>.size() ==
              static_cast<std::size_t>(RefusalCode::cancelled) + 1);

template <>
inline constexpr std::array wire_values<protocol::PeerKind> = {
    pb::PEER_KIND_FRAMEWORK, pb::PEER_KIND_AGENT, pb::PEER_KIND_EXECUTOR};
static_assert(wire_values<protocol::PeerKind>.size() ==
              static_cast<std::size_t>(protocol::PeerKind::executor) + 1);

template <>
inline constexpr std::array wire_values<ReservationKind> = {
    pb::Reservation::KIND_STATIC, pb::Reservation::KIND_DYNAMIC, pb::Reservation::KIND_REFINED};

template <>
inline constexpr std::array wire_values<VolumeMode> = {pb::Volume::MODE_READ_WRITE,
                                                       pb::Volume::MODE_READ_ONLY};

template <>
inline constexpr std::array wire_values<Check::Kind> = {pb::Check::KIND_COMMAND,
                                                        pb::Check::KIND_HTTP, pb::Check::KIND_TCP};

template <>
inline constexpr std::array wire_values<TaskState> = {
    pb::TASK_STATE_STAGING,          pb::TASK_STATE_STARTING,
    pb::TASK_STATE_RUNNING,          pb::TASK_STATE_KILLING,
    pb::TASK_STATE_FINISHED,         pb::TASK_STATE_FAILED,
    pb::TASK_STATE_KILLED,           pb::TASK_STATE_ERROR,
    pb::TASK_STATE_DROPPED,          pb::TASK_STATE_GONE,
    pb::TASK_STATE_UNREACHABLE,      pb::TASK_STATE_LOST,
    pb::TASK_STATE_GONE_BY_OPERATOR, pb::TASK_STATE_UNKNOWN,
};
static_assert(wire_values<TaskState>.size() == task_states);

template <>
inline constexpr std::array wire_values<StatusSource> = {
    pb::STATUS_SOURCE_MASTER, pb::STATUS_SOURCE_AGENT, pb::STATUS_SOURCE_EXECUTOR};

template <>
inline constexpr std::array wire_values<StatusReason> = {
    pb::STATUS_REASON_NONE,
    pb::STATUS_REASON_RECONCILIATION,
    pb::STATUS_REASON_COMMAND_EXITED,
    pb::STATUS_REASON_COMMAND_SIGNALLED,
    pb::STATUS_REASON_COMMAND_NOT_STARTED,
    pb::STATUS_REASON_KILL_REQUESTED,
    pb::STATUS_REASON_RUN_TIME_EXCEEDED,
    pb::STATUS_REASON_PREEMPTED,
    pb::STATUS_REASON_UNHEALTHY,
    pb::STATUS_REASON_MEMORY_LIMIT,
    pb::STATUS_REASON_DISK_LIMIT,
    pb::STATUS_REASON_EXECUTOR_TERMINATED,
    pb::STATUS_REASON_LAUNCHER_LOST,
    pb::STATUS_REASON_AGENT_REMOVED,
    pb::STATUS_REASON_AGENT_DISCONNECTED,
    pb::STATUS_REASON_AGENT_RESTARTED,
    pb::STATUS_REASON_AGENT_UNKNOWN,
    pb::STATUS_REASON_FRAMEWORK_REMOVED,
    pb::STATUS_REASON_TASK_UNKNOWN,
    pb::STATUS_REASON_TASK_DUPLICATE,
    pb::STATUS_REASON_TASK_INVALID,
    pb::STATUS_REASON_OFFER_UNAVAILABLE,
    pb::STATUS_REASON_RESOURCES_INSUFFICIENT,
    pb::STATUS_REASON_LIMIT_EXCEEDED,
    pb::STATUS_REASON_FOREIGN,
    pb::STATUS_REASON_AGENT_DRAINING,
};
static_assert(wire_values<StatusReason>.size() == status_reasons);

template <>
inline constexpr std::array wire_values<OperationState> = {
    pb::OPERATION_STATE_PENDING,          pb::OPERATION_STATE_FINISHED,
    pb::OPERATION_STATE_FAILED,           pb::OPERATION_STATE_ERROR,
    pb::OPERATION_STATE_DROPPED,          pb::OPERATION_STATE_UNREACHABLE,
    pb::OPERATION_STATE_GONE_BY_OPERATOR, pb::OPERATION_STATE_RECOVERING,
    pb::OPERATION_STATE_UNKNOWN,
};
static_assert(wire_values<OperationState>.size() ==
              static_cast<std::size_t>(OperationState::unknown) + 1);

template <>
inline constexpr std::array wire_values<DeclineReason> = {
    pb::DECLINE_REASON_NONE_GIVEN, pb::DECLINE_REASON_NO_WORK,    pb::DECLINE_REASON_TOO_SMALL,
    pb::DECLINE_REASON_CONSTRAINT, pb::DECLINE_REASON_DELAY,      pb::DECLINE_REASON_GANG,
    pb::DECLINE_REASON_LIMIT,      pb::DECLINE_REASON_UNANSWERED, pb::DECLINE_REASON_FAILED,
};
static_assert(wire_values<DeclineReason>.size() == decline_reasons);

template <>
inline constexpr std::array wire_values<protocol::RescindReason> = {
    pb::RESCIND_REASON_EXPIRED,        pb::RESCIND_REASON_AGENT_LOST,
    pb::RESCIND_REASON_AGENT_DRAINING, pb::RESCIND_REASON_QUOTA,
    pb::RESCIND_REASON_OPERATOR_ASKED,
};
static_assert(wire_values<protocol::RescindReason>.size() ==
              static_cast<std::size_t>(protocol::RescindReason::operator_asked) + 1);

template <class Domain>
[[nodiscard]] constexpr auto to_wire(Domain value) {
    const auto position = static_cast<std::size_t>(value);
    OFFERKIT_ASSERT(position < wire_values<Domain>.size());
    return wire_values<Domain>[position];
}

/// Nothing for a value that stands for nothing, or that this version does not know: generated code
/// reads both as 0.
template <class Domain, class Wire>
[[nodiscard]] constexpr std::optional<Domain> find_enum(Wire value) {
    for (std::size_t position = 0; position < wire_values<Domain>.size(); ++position) {
        if (wire_values<Domain>[position] == value) return static_cast<Domain>(position);
    }
    return std::nullopt;
}

}  // namespace offerkit::wire::detail
