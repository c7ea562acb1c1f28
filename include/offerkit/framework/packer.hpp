// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Which task goes on which offer: several shapes of tasks onto all offers that came together, one
/// accept for all offers of an agent, and a reason for each offer that was not used.

#include <offerkit/core/config.hpp>
#include <offerkit/framework/constraints.hpp>
#include <offerkit/framework/scheduler.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace offerkit::framework {

/// Of the agents on which a task fits: the first, or the one with least left afterwards (as shares
/// of all that is on offer, added up over the built-in kinds).
enum class Fit : std::uint8_t { first, best };

/// The offers of one delivery, and what was put on them so far. A value: a copy is a trial.
class Packer {
public:
    /// Offers of one agent and role are one place. `offers` outlive this.
    explicit Packer(std::span<const Offer> offers, Fit fit = Fit::first);

    /// Puts a task where it fits and `constraints` allow it, and counts it there. Returns the first
    /// offer of that agent; null: nowhere. Complexity: linear in agents.
    const Offer* place(TaskInfo task, Constraints& constraints);
    const Offer* place(TaskInfo task);

    /// The largest first, which wastes least; those of one size in their order. Returns those that
    /// fit nowhere, in their order.
    std::vector<TaskInfo> place_all(std::vector<TaskInfo> tasks, Constraints& constraints);
    std::vector<TaskInfo> place_all(std::vector<TaskInfo> tasks);

    /// All of them, or none and false.
    bool place_together(const std::vector<TaskInfo>& tasks, Constraints& constraints);
    bool place_together(const std::vector<TaskInfo>& tasks);

    /// True if something was put on the agent of this offer.
    [[nodiscard]] bool is_used(OfferId offer) const;
    /// True if some of `tasks` would fit on the agent of this offer by itself.
    [[nodiscard]] bool could_use(OfferId offer, std::span<const TaskInfo> tasks,
                                 const Constraints& constraints) const;
    [[nodiscard]] std::size_t placed() const { return placed_; }

    /// Answers every offer: accepts where something was put; else declines, with `no_work` if
    /// nothing was asked for, with `constraint` if room was there, with `too_small` otherwise. What
    /// is left, and what is declined, is not offered again for `refuse_for`. Call it once.
    void answer(Replies& replies, Duration refuse_for = refuse_for_default);

private:
    struct Room {
        std::vector<const Offer*> offers;
        Resources left;
        std::vector<TaskInfo> tasks;
        std::optional<std::string> objection;  // Why something that fits was not put here.
    };

    [[nodiscard]] const Room* find_room(OfferId offer) const;
    [[nodiscard]] std::uint64_t left_over(const Room& room, const Resources& needs) const;
    [[nodiscard]] std::vector<std::size_t> largest_first(const std::vector<TaskInfo>& tasks) const;

    Fit fit_;
    std::vector<Room> rooms_;
    Amounts total_;
    std::size_t asked_ = 0;
    std::size_t placed_ = 0;
};

}  // namespace offerkit::framework

namespace offerkit {

using framework::Fit;
using framework::Packer;

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/packer.ipp>
#endif
