// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Keeps so many instances of a service running, and replaces those of an old version by those of a
/// new one, a few at a time. It says what to launch and what to kill; where things go is the
/// scheduler's business. Level-triggered: it compares what is wanted with what is there, whatever
/// happened in between.

#include <offerkit/core/bytes.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/retry.hpp>
#include <offerkit/framework/scheduler.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::framework {

struct ServiceOptions {
    std::uint32_t surge = 1;            // So many over what is wanted, while a version is replaced.
    std::uint32_t unavailable_max = 0;  // And so many fewer available. One of the two is not zero.
    /// Before the next launch, after instances that ended by themselves.
    Backoff backoff{.first = std::chrono::seconds{1}, .at_most = std::chrono::minutes{5}};
    Duration stable_after = std::chrono::minutes{1};     // An instance that ran so long clears it.
    Duration unreachable_for = std::chrono::minutes{5};  // Then it is replaced.
};

class DesiredState {
public:
    /// Task ids are "NAME.VERSION.NUMBER". Pre: `name` has no dot, so that no service takes
    /// another's tasks for its own; `surge` and `unavailable_max` are not both zero.
    explicit DesiredState(std::string name, ServiceOptions options = {}, Rng rng = Rng{0});

    /// From now on: `instances` of `version`, each as `task` says (its id is not used). Those of
    /// other versions are replaced. A version that fails to come up replaces nothing that works.
    void want(std::string version, TaskInfo task, std::uint32_t instances);

    /// What to launch at this time, with the ids to launch it under. Asking changes nothing: what
    /// finds no place is asked for again.
    [[nodiscard]] std::vector<TaskInfo> to_launch(Instant now) const;
    /// An accept has gone out. Pre: `to_launch` gave this id since the last `launched`.
    void launched(const TaskId& task, Instant now);

    /// False: not of this service. One that runs and is not known is of an earlier run, and is
    /// counted from then on. Absorbs: repeats, and the ends of instances that have ended.
    bool on_status(const TaskStatus& status, Instant now);

    /// Kills what is too many or old, as far as enough others are available. After `want`, after
    /// statuses and in `on_wake`.
    void steer(Instant now, Replies& replies);

    /// When to `steer` and to look at `to_launch` again even without a status; `never()` if not.
    [[nodiscard]] Instant next_wake() const;

    // clang-format off
    struct Counts { std::uint32_t wanted = 0, launched = 0, available = 0, old = 0, killing = 0;
                    friend bool operator==(const Counts&, const Counts&) = default; };
    // clang-format on
    [[nodiscard]] Counts counts() const;
    /// True if exactly what is wanted is there, and available.
    [[nodiscard]] bool is_settled() const;
    [[nodiscard]] std::vector<TaskId> instances() const;  // Those that have not ended.

    /// The instances, for a state store; versions and counts are wanted anew by the program. After
    /// `load`, ask `replies.reconcile(instances())`: those that are gone are then found out.
    void save(Bytes& out) const;
    void load(ByteReader& in, Instant now);

private:
    enum class Life : std::uint8_t { launched, available, unreachable, killing };
    struct Instance {
        Life life = Life::launched;
        Instant since{};  // In this life.
    };

    using Key = std::pair<std::uint64_t, std::string>;  // Number and version: the oldest first.
    using Instances = std::map<Key, Instance>;

    [[nodiscard]] bool is_alive(const Instance& instance) const {
        return instance.life != Life::killing;
    }
    [[nodiscard]] bool is_old(const Key& key) const { return key.second != version_; }
    void ended(const TaskStatus& status, const Key& key, const Instance& instance, Instant now);
    void kill(Instances::iterator instance, Instant now, Replies& replies);
    [[nodiscard]] TaskId id_of(const Key& key) const;
    [[nodiscard]] std::optional<Key> read_id(const TaskId& task) const;
    [[nodiscard]] Instances::iterator find(const TaskId& task);
    [[nodiscard]] Instances::iterator adopt(const TaskId& task, Instant now);

    std::string name_;
    ServiceOptions options_;
    Rng rng_;
    std::string version_;
    TaskInfo task_;
    std::uint32_t wanted_ = 0;
    Instances instances_;
    std::uint64_t next_number_ = 1;
    int failures_ = 0;  // In a row.
    Instant not_before_{};
    Instant steered_at_{};
};

}  // namespace offerkit::framework

namespace offerkit {

using framework::DesiredState;
using framework::ServiceOptions;

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/desired_state.ipp>
#endif
