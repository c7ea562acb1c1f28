// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A gang: tasks that are of use only together. Offers are held until all members fit on what is
/// held, and then all are launched; what was held too long is given back, so that two gangs that
/// wait for each other's offers both go on.
///
/// The handlers have the names of a scheduler's, which calls them from its own.

#include <offerkit/core/config.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/packer.hpp>
#include <offerkit/framework/retry.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace offerkit::framework {

struct GangOptions {
    /// All is given back after so long, or when the first offer nears its own end.
    Duration hold_at_most = std::chrono::seconds{20};
    /// How long nothing is held then, and after a start that failed. Drawn by chance: gangs that
    /// have blocked each other do not come back together.
    Backoff backoff{.first = std::chrono::seconds{2}, .at_most = std::chrono::minutes{2}};
    Duration refuse_for = refuse_for_default;  // What no member can use, or is left over.
    Fit fit = Fit::best;
};

class GangAssembler {
public:
    enum class Phase : std::uint8_t {
        assembling,
        starting,  // Launched; not all have run yet.
        running,   // All have run at the same time, or have finished since the launch.
        breaking,  // One has failed to start: the others are killed, then it begins anew.
    };

    /// Each launch appends its number to the members' ids: "worker-0" runs as "worker-0.1".
    explicit GangAssembler(std::vector<TaskInfo> members, GangOptions options = {},
                           Constraints constraints = {}, Rng rng = Rng{0});

    /// True if the gang is launched by this.
    bool on_offers(std::span<const Offer> offers, Replies& replies);
    void on_rescind(OfferId offer);
    /// All offers are void.
    void on_disconnected() { held_.clear(); }
    /// False: not a member. A member that ends before all run breaks the launch: the others are
    /// killed. What happens to a running gang is its scheduler's to judge.
    bool on_status(const TaskStatus& status, Replies& replies);

    [[nodiscard]] Instant next_wake() const;
    void on_wake(Instant now, Replies& replies);

    /// Kills all and begins anew. In any phase.
    void restart(Replies& replies);

    [[nodiscard]] Phase phase() const { return phase_; }
    /// True if all members of the last launch have.
    [[nodiscard]] bool has_ended() const;
    [[nodiscard]] std::size_t held() const { return held_.size(); }
    [[nodiscard]] std::uint32_t launches() const { return launches_; }
    /// As they were launched last.
    [[nodiscard]] std::vector<TaskId> members() const;

private:
    struct Held {
        Offer offer;
        Instant until;
    };
    enum class Life : std::uint8_t { launched, started, ended };

    bool launch(Replies& replies);
    void break_up(Replies& replies);
    [[nodiscard]] std::vector<TaskInfo> next_members() const;

    std::vector<TaskInfo> members_;
    GangOptions options_;
    Constraints constraints_;
    Rng rng_;
    Phase phase_ = Phase::assembling;
    std::vector<Held> held_;
    std::map<TaskId, Life> lives_;
    std::uint32_t launches_ = 0;
    int given_up_ = 0;       // Offers, in a row.
    int failed_starts_ = 0;  // In a row.
    Instant not_before_{};
};

}  // namespace offerkit::framework

namespace offerkit {

using framework::GangAssembler;
using framework::GangOptions;

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/gang.ipp>
#endif
