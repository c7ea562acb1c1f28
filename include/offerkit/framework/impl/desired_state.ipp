// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/assert.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/framework/desired_state.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace offerkit::framework {

OFFERKIT_INLINE DesiredState::DesiredState(std::string name, ServiceOptions options, Rng rng)
    : name_(std::move(name)), options_(options), rng_(rng) {
    OFFERKIT_ASSERT(options_.surge > 0 || options_.unavailable_max > 0);
}

// A new version begins with a clean slate: the failures of the last one say nothing of it.
OFFERKIT_INLINE void DesiredState::want(std::string version, TaskInfo task,
                                        std::uint32_t instances) {
    if (version != version_) {
        failures_ = 0;
        not_before_ = Instant{};
    }
    version_ = std::move(version);
    task_ = std::move(task);
    wanted_ = instances;
}

OFFERKIT_INLINE TaskId DesiredState::id_of(std::uint64_t number, const std::string& version) const {
    return TaskId{name_ + "." + version + "." + std::to_string(number)};
}

OFFERKIT_INLINE std::optional<std::pair<std::uint64_t, std::string>> DesiredState::read_id(
    const TaskId& task) const {
    const std::string& text = task.text();
    const std::size_t dot = text.rfind('.');
    const std::size_t start = name_.size() + 1;
    if (!text.starts_with(name_ + ".") || dot < start) return std::nullopt;
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data() + dot + 1, text.data() + text.size(), number);
    std::string version = text.substr(start, dot - start);
    if (read.ec != std::errc{} || id_of(number, version) != task) return std::nullopt;
    return std::pair{number, std::move(version)};
}

OFFERKIT_INLINE DesiredState::Instances::iterator DesiredState::find(const TaskId& task) {
    const auto id = read_id(task);
    if (!id) return instances_.end();
    const auto found = instances_.find(id->first);
    return found != instances_.end() && found->second.version == id->second ? found
                                                                            : instances_.end();
}

// One that runs and that we do not know is of an earlier run of this scheduler.
OFFERKIT_INLINE DesiredState::Instances::iterator DesiredState::adopt(const TaskId& task,
                                                                      Instant now) {
    auto id = read_id(task);
    if (!id || instances_.contains(id->first)) return instances_.end();
    next_number_ = std::max(next_number_, id->first + 1);
    const Instance instance{std::move(id->second), Life::launched, now};
    return instances_.emplace(id->first, instance).first;
}

OFFERKIT_INLINE DesiredState::Counts DesiredState::counts() const {
    Counts counts{.wanted = wanted_};
    for (const auto& [number, instance] : instances_) {
        if (instance.life == Life::killing) {
            ++counts.killing;
            continue;
        }
        ++counts.launched;
        if (instance.life == Life::available) ++counts.available;
        if (is_old(instance)) ++counts.old;
    }
    return counts;
}

OFFERKIT_INLINE bool DesiredState::is_settled() const {
    const Counts now = counts();
    return now.launched == wanted_ && now.available == wanted_ && now.old == 0 && now.killing == 0;
}

OFFERKIT_INLINE std::vector<TaskId> DesiredState::instances() const {
    std::vector<TaskId> ids;
    for (const auto& [number, instance] : instances_)
        ids.push_back(id_of(number, instance.version));
    return ids;
}

OFFERKIT_INLINE std::vector<TaskInfo> DesiredState::to_launch(Instant now) const {
    std::vector<TaskInfo> tasks;
    if (now < not_before_) return tasks;
    const Counts there = counts();
    const std::uint32_t current = there.launched - there.old;
    // Extra room is for a replacement only: with nothing old there is nothing to replace.
    const std::uint32_t most = wanted_ + (there.old > 0 ? options_.surge : 0);
    if (current >= wanted_ || there.launched >= most) return tasks;
    const std::uint32_t count = std::min(wanted_ - current, most - there.launched);
    tasks.assign(count, task_);
    for (std::uint32_t i = 0; i < count; ++i)
        tasks[i].id = id_of(next_number_ + i, version_);
    return tasks;
}

OFFERKIT_INLINE void DesiredState::launched(const TaskId& task, Instant now) {
    const auto id = read_id(task);
    OFFERKIT_ASSERT(id && id->second == version_ && !instances_.contains(id->first));
    instances_.emplace(id->first, Instance{version_, Life::launched, now});
    next_number_ = std::max(next_number_, id->first + 1);
}

OFFERKIT_INLINE bool DesiredState::on_status(const TaskStatus& status, Instant now) {
    // `unknown` is what the master says of a task that no agent has: it will not come back.
    const bool is_over = is_terminal(status.state) || status.state == TaskState::unknown;
    auto found = find(status.task);
    if (found == instances_.end() && !is_over) found = adopt(status.task, now);
    if (found == instances_.end()) return status.task.text().starts_with(name_ + ".");
    Instance& instance = found->second;
    if (is_over) {
        const Instance last = instance;
        instances_.erase(found);
        ended(status, last, now);
        return true;
    }
    if (instance.life == Life::killing) return true;
    Life life = instance.life;
    if (status.state == TaskState::running) {
        life = status.healthy.value_or(true) ? Life::available : Life::launched;
    } else if (status.state == TaskState::unreachable || status.state == TaskState::lost) {
        life = Life::unreachable;
    } else if (status.state == TaskState::killing) {
        life = Life::killing;
    }
    if (std::exchange(instance.life, life) != life) instance.since = now;
    return true;
}

// What ended by itself will probably do so again; what was killed, or lost its agent, need not.
OFFERKIT_INLINE void DesiredState::ended(const TaskStatus& status, const Instance& instance,
                                         Instant now) {
    const bool by_itself = status.state == TaskState::failed ||
                           status.state == TaskState::finished || status.state == TaskState::error;
    if (!by_itself || instance.life == Life::killing || is_old(instance)) return;
    const bool was_stable =
        instance.life == Life::available && now - instance.since >= options_.stable_after;
    failures_ = was_stable ? 1 : failures_ + 1;
    not_before_ = now + options_.backoff.wait(failures_, rng_);
}

OFFERKIT_INLINE void DesiredState::kill(Instances::iterator instance, Instant now,
                                        Replies& replies) {
    replies.kill(id_of(instance->first, instance->second.version));
    instance->second.life = Life::killing;
    instance->second.since = now;
}

OFFERKIT_INLINE void DesiredState::steer(Instant now, Replies& replies) {
    steered_at_ = now;
    // An agent that was away too long is not waited for; should it come back, its task is killed.
    for (auto each = instances_.begin(); each != instances_.end(); ++each) {
        const Instance& instance = each->second;
        if (instance.life != Life::unreachable) continue;
        if (now - instance.since >= options_.unreachable_for) kill(each, now, replies);
    }
    Counts there = counts();
    // Too many of the current version: those that serve nobody first, then the youngest.
    for (const bool spare_available : {true, false}) {
        for (auto each = instances_.end(); each != instances_.begin();) {
            --each;
            if (there.launched - there.old <= wanted_) break;
            if (!is_alive(each->second) || is_old(each->second)) continue;
            if (spare_available && each->second.life == Life::available) continue;
            kill(each, now, replies);
            there = counts();
        }
    }
    // Old ones that serve nobody are in the way; of the others as many as can be missed.
    const std::uint32_t needed = wanted_ - std::min(wanted_, options_.unavailable_max);
    for (auto each = instances_.begin(); each != instances_.end(); ++each) {
        if (!is_alive(each->second) || !is_old(each->second)) continue;
        if (each->second.life == Life::available && there.available <= needed) continue;
        kill(each, now, replies);
        there = counts();
    }
}

OFFERKIT_INLINE Instant DesiredState::next_wake() const {
    Instant next = Instant::never();
    if (not_before_ > steered_at_) next = not_before_;
    for (const auto& [number, instance] : instances_) {
        if (instance.life != Life::unreachable) continue;
        next = std::min(next, instance.since + options_.unreachable_for);
    }
    return next;
}

OFFERKIT_INLINE void DesiredState::save(Bytes& out) const {
    put_number(next_number_, out);
    put_number(instances_.size(), out);
    for (const auto& [number, instance] : instances_) {
        put_number(number, out);
        put_text(instance.version, out);
    }
}

// What was being killed runs, for all we know: if it is still too many it is killed again.
OFFERKIT_INLINE void DesiredState::load(ByteReader& in, Instant now) {
    instances_.clear();
    next_number_ = in.number();
    for (std::size_t left = in.count(); left > 0 && !in.has_failed(); --left) {
        const std::uint64_t number = in.number();
        Instance instance{std::string{in.text()}, Life::launched, now};
        if (number >= next_number_) in.fail("an instance has a number that was not given yet");
        instances_.emplace(number, std::move(instance));
    }
    if (in.has_failed()) instances_.clear();
}

}  // namespace offerkit::framework
