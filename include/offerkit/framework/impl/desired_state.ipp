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
    OFFERKIT_ASSERT(name_.find('.') == std::string::npos);
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

OFFERKIT_INLINE TaskId DesiredState::id_of(const Key& key) const {
    return TaskId{name_ + "." + key.second + "." + std::to_string(key.first)};
}

OFFERKIT_INLINE std::optional<DesiredState::Key> DesiredState::read_id(const TaskId& task) const {
    const std::string& text = task.text();
    const std::size_t dot = text.rfind('.');
    const std::size_t start = name_.size() + 1;
    if (!text.starts_with(name_ + ".") || dot < start) return std::nullopt;
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data() + dot + 1, text.data() + text.size(), number);
    Key key{number, text.substr(start, dot - start)};
    if (read.ec != std::errc{} || id_of(key) != task) return std::nullopt;
    return key;
}

OFFERKIT_INLINE DesiredState::Instances::iterator DesiredState::find(const TaskId& task) {
    const auto key = read_id(task);
    return key ? instances_.find(*key) : instances_.end();
}

// One that runs and that we do not know is of an earlier run of this scheduler.
OFFERKIT_INLINE DesiredState::Instances::iterator DesiredState::adopt(const TaskId& task,
                                                                      Instant now) {
    auto key = read_id(task);
    if (!key) return instances_.end();
    next_number_ = std::max(next_number_, key->first + 1);
    return instances_.emplace(std::move(*key), Instance{Life::launched, now}).first;
}

OFFERKIT_INLINE DesiredState::Counts DesiredState::counts() const {
    Counts counts{.wanted = wanted_};
    for (const auto& [key, instance] : instances_) {
        if (instance.life == Life::killing) {
            ++counts.killing;
            continue;
        }
        ++counts.launched;
        if (instance.life == Life::available) ++counts.available;
        if (is_old(key)) ++counts.old;
    }
    return counts;
}

OFFERKIT_INLINE bool DesiredState::is_settled() const {
    const Counts now = counts();
    return now.launched == wanted_ && now.available == wanted_ && now.old == 0 && now.killing == 0;
}

OFFERKIT_INLINE std::vector<TaskId> DesiredState::instances() const {
    std::vector<TaskId> ids;
    for (const auto& [key, instance] : instances_)
        ids.push_back(id_of(key));
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
        tasks[i].id = id_of({next_number_ + i, version_});
    return tasks;
}

OFFERKIT_INLINE void DesiredState::launched(const TaskId& task, Instant now) {
    const auto key = read_id(task);
    OFFERKIT_ASSERT(key && key->second == version_ && !instances_.contains(*key));
    instances_.emplace(*key, Instance{Life::launched, now});
    next_number_ = std::max(next_number_, key->first + 1);
}

OFFERKIT_INLINE bool DesiredState::on_status(const TaskStatus& status, Instant now) {
    auto found = find(status.task);
    if (found == instances_.end() && !is_over(status.state)) found = adopt(status.task, now);
    if (found == instances_.end()) return read_id(status.task).has_value();
    Instance& instance = found->second;
    if (is_over(status.state)) {
        const auto last = instances_.extract(found);
        ended(status, last.key(), last.mapped(), now);
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
OFFERKIT_INLINE void DesiredState::ended(const TaskStatus& status, const Key& key,
                                         const Instance& instance, Instant now) {
    const bool by_itself = status.state == TaskState::failed ||
                           status.state == TaskState::finished || status.state == TaskState::error;
    if (!by_itself || instance.life == Life::killing || is_old(key)) return;
    const bool was_stable =
        instance.life == Life::available && now - instance.since >= options_.stable_after;
    failures_ = was_stable ? 1 : failures_ + 1;
    not_before_ = now + options_.backoff.wait(failures_, rng_);
}

OFFERKIT_INLINE void DesiredState::kill(Instances::iterator instance, Instant now,
                                        Replies& replies) {
    replies.kill(id_of(instance->first));
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
            if (!is_alive(each->second) || is_old(each->first)) continue;
            if (spare_available && each->second.life == Life::available) continue;
            kill(each, now, replies);
            there = counts();
        }
    }
    // Old ones that serve nobody are in the way; of the others as many as can be missed.
    const std::uint32_t needed = wanted_ - std::min(wanted_, options_.unavailable_max);
    for (auto each = instances_.begin(); each != instances_.end(); ++each) {
        if (!is_alive(each->second) || !is_old(each->first)) continue;
        if (each->second.life == Life::available && there.available <= needed) continue;
        kill(each, now, replies);
        there = counts();
    }
}

OFFERKIT_INLINE Instant DesiredState::next_wake() const {
    Instant next = Instant::never();
    if (not_before_ > steered_at_) next = not_before_;
    for (const auto& [key, instance] : instances_) {
        if (instance.life != Life::unreachable) continue;
        next = std::min(next, instance.since + options_.unreachable_for);
    }
    return next;
}

OFFERKIT_INLINE void DesiredState::save(Bytes& out) const {
    put_number(next_number_, out);
    put_number(instances_.size(), out);
    for (const auto& [key, instance] : instances_) {
        put_number(key.first, out);
        put_text(key.second, out);
    }
}

// What was being killed runs, for all we know: if it is still too many it is killed again.
OFFERKIT_INLINE void DesiredState::load(ByteReader& in, Instant now) {
    instances_.clear();
    next_number_ = in.number();
    for (std::size_t left = in.count(); left > 0 && !in.has_failed(); --left) {
        const std::uint64_t number = in.number();
        std::string version{in.text()};
        if (number >= next_number_) in.fail("an instance has a number that was not given yet");
        instances_.emplace(Key{number, std::move(version)}, Instance{Life::launched, now});
    }
    if (in.has_failed()) instances_.clear();
}

}  // namespace offerkit::framework
