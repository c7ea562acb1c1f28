// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "random_values.hpp"

namespace offerkit::test {

inline void RandomValues::fill(protocol::Hello& hello) {
    hello.minor = static_cast<std::uint32_t>(number(100));
    hello.kind = any(protocol::PeerKind::executor);
    hello.cluster = line();
    hello.epoch_seen = rng_.next();
    hello.principal = line();
    hello.token = data();
}

inline void RandomValues::fill(protocol::Welcome& welcome) {
    welcome.minor = static_cast<std::uint32_t>(number(100));
    welcome.cluster = line();
    welcome.epoch = rng_.next();
}

inline void RandomValues::fill(protocol::LiveFilter& filter) {
    fill_all(filter.role, filter.agent, filter.refused);
    filter.remaining = duration(limits::refuse_for_max);
}

inline void RandomValues::fill(protocol::Subscribe& subscribe) {
    fill(subscribe.info);
    if (is_there()) fill(subscribe.id);
    subscribe.take_over = is_there();
    fill_all(subscribe.suppressed, subscribe.filters);
}

inline void RandomValues::fill(protocol::Accept& accept) {
    fill_not_empty(accept.offers);
    fill(accept.operations);
    accept.refuse_for = rng_.chance(1, 2) ? Duration::max() : duration(limits::refuse_for_max);
}

inline void RandomValues::fill(protocol::Decline& decline) {
    fill_not_empty(decline.offers);
    decline.refuse_for = rng_.chance(1, 2) ? Duration::max() : duration(limits::refuse_for_max);
    decline.reason = any(DeclineReason::failed);
    decline.detail = prose();
}

inline void RandomValues::fill(protocol::Kill& kill) {
    fill(kill.task);
    if (is_there()) kill.grace = duration(limits::kill_grace_max);
}

inline void RandomValues::fill(protocol::Reconcile::Question& question) {
    fill(question.task);
    if (is_there()) fill(question.agent);
}

inline void RandomValues::fill(protocol::Subscribed& subscribed) {
    fill(subscribed.framework);
    subscribed.cluster = line();
    subscribed.epoch = rng_.next();
    subscribed.heartbeat_interval = duration();
}

inline void RandomValues::fill(protocol::Rescind& rescind) {
    fill_not_empty(rescind.offers);
    rescind.reason = any(protocol::RescindReason::operator_asked);
}

inline void RandomValues::fill(protocol::AgentTask& task) {
    fill_all(task.framework, task.role, task.info);
    task.state = any(TaskState::unknown);
}

inline void RandomValues::fill(protocol::RegisterAgent& registration) {
    fill(registration.info);
    if (is_there()) fill(registration.id);
    fill_all(registration.tasks, registration.frameworks);
    if (is_there())
        registration.run = {static_cast<std::uint64_t>(number(1000)),
                            static_cast<std::uint64_t>(number(1 << 30))};
    registration.tasks_follow = is_there();
}

inline void RandomValues::fill(protocol::ReportTasks& report) {
    fill(report.tasks);
    report.more = is_there();
}

inline void RandomValues::fill(protocol::ExecutorEnded& ended) {
    fill_all(ended.framework, ended.executor);
    ended.message = prose();
}

inline void RandomValues::fill(protocol::AgentRegistered& registered) {
    fill(registered.agent);
    registered.cluster = line();
    registered.epoch = rng_.next();
    registered.heartbeat_interval = duration();
}

inline void RandomValues::fill(protocol::RunTasks& run) {
    fill(run.framework);
    run.framework_name = line();
    run.user = line();
    fill_all(run.role, run.tasks);
}

inline void RandomValues::fill(protocol::RunGroup& run) {
    fill(run.framework);
    run.framework_name = line();
    run.user = line();
    fill(run.role);
    auto group = make<LaunchGroup>();
    run.executor = std::move(group.executor);
    run.tasks = std::move(group.tasks);
}

inline void RandomValues::fill(protocol::KillTask& kill) {
    fill_all(kill.framework, kill.task);
    if (is_there()) kill.grace = duration(limits::kill_grace_max);
    kill.reason = any(StatusReason::agent_draining);
}

inline void RandomValues::fill(protocol::LaunchTask& launch) {
    fill(launch.framework);
    launch.framework_name = line();
    launch.user = line();
    fill(launch.task);
    launch.sandbox = line();
}

inline void RandomValues::fill(protocol::KillTaskNow& kill) {
    fill_all(kill.framework, kill.task);
    kill.grace = duration(limits::kill_grace_max);
    kill.reason = any(StatusReason::agent_draining);
}

}  // namespace offerkit::test
