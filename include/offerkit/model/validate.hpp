// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Whether a noun may enter: every text in its alphabet, every amount, count and length within
/// `limits.hpp`, nothing missing and nothing contradictory. The wire, the tools and the machines
/// all ask here, so that they agree. What depends on state (does the task id exist already?) is
/// asked by the machines. Each refusal names who, what, why and what to do.

#include <offerkit/core/config.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/demand.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/operation.hpp>
#include <offerkit/model/quota.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/model/texts.hpp>

#include <span>

namespace offerkit {

/// All of them refuse: `invalid` for a value that cannot be or contradicts another, `too_large`
/// beyond a limit, and what `validate_resources` refuses.
[[nodiscard]] Result<void> validate(const TaskInfo& task);
[[nodiscard]] Result<void> validate(const ExecutorInfo& executor);
[[nodiscard]] Result<void> validate(const FrameworkInfo& framework);
[[nodiscard]] Result<void> validate(const AgentInfo& agent);
[[nodiscard]] Result<void> validate(const Operation& operation);
[[nodiscard]] Result<void> validate(const TaskStatus& status);
[[nodiscard]] Result<void> validate(const OperationStatus& status);
[[nodiscard]] Result<void> validate(const Demand& demand);
[[nodiscard]] Result<void> validate(const RoleConfig& config);

/// The parts of a noun, on behalf of `who` has them.
[[nodiscard]] Result<void> validate(const Command& command, Subject who = {"command"});
[[nodiscard]] Result<void> validate(const Check& check, Subject who = {"check"});
[[nodiscard]] Result<void> validate(const Labels& labels, Subject who = {"labels"});
[[nodiscard]] Result<void> validate(const Attributes& attributes, Subject who = {"attributes"});
[[nodiscard]] Result<void> validate(const Domain& domain, Subject who = {"domain"});

/// The tasks of a group: their executor is the group's, so they need no command and have no
/// executor of their own.
[[nodiscard]] Result<void> validate_group(const ExecutorInfo& executor,
                                          std::span<const TaskInfo> tasks);

/// How long something is refused: at most `limits::refuse_for_max`, or for ever.
[[nodiscard]] Result<void> validate_refuse_for(Subject who, Duration refuse_for);

namespace detail {

/// Is it up to the task, or to its executor, what is run?
enum class CommandOf : bool { task, executor };

// For a caller that has built the resources through `ResourcesBuilder` and need not ask twice.
[[nodiscard]] Result<void> validate_but_resources(const TaskInfo& task, CommandOf command);
[[nodiscard]] Result<void> validate_but_resources(const ExecutorInfo& executor);
[[nodiscard]] Result<void> validate_but_resources(const AgentInfo& agent);

// What a whole has beside tasks, executors and resources: for one who has validated those before.
[[nodiscard]] Result<void> validate_shape(const Operation& operation);
[[nodiscard]] Result<void> validate_group_shape(const ExecutorInfo& executor,
                                                std::span<const TaskInfo> tasks);

/// As `validate_resources`, about `who`.
[[nodiscard]] Result<void> validate_resources_of(Subject who, const Resources& resources);

}  // namespace detail
}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/model/impl/validate_nouns.ipp>
#include <offerkit/model/impl/validate_task.ipp>
#endif
