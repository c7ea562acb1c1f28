// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Karma (Vuppalapati et al., OSDI 2023, section 3): shares that are fair over time. Time passes in
/// quanta. Of its fair share each role is guaranteed a part; what is left of all shares is pooled.
/// In each quantum everyone earns an equal part of the pool in credits; who uses less than its
/// guarantee donates the rest, and earns a credit for each slice of it that others borrow; who
/// borrows pays a credit for each slice. The richest borrower is served first, and the slices of
/// the poorest donor are the first to be borrowed.
///
/// A slice is one cpu, and those who share are the top-level roles, in proportion to their weights;
/// below them it is weighted DRF. What a role holds at the end of a quantum is what it has used:
/// nothing is taken back in between. The paper's alpha is the guaranteed part of a share; here it
/// is `guaranteed`, a half. (The authors' code calls the pooled part alpha.)
///
/// Cost: as weighted DRF; all nodes once per quantum.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/kind.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace offerkit {

struct KarmaOptions {
    Duration quantum = std::chrono::seconds{10};
    std::int64_t guaranteed = 500;  // Thousandths of the fair share.
};

class Karma {
public:
    static constexpr auto name = "karma";

    Karma() = default;
    explicit Karma(KarmaOptions options) : options_(options) {}

    /// Guaranteed slices first, to who holds fewest; then by riches, what is borrowed already
    /// counted. Below the roles, DRF.
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> rank(const NodeView& node) const {
        if (node.depth() != 1) {
            return {0, fixed_dominant_share(node.allocated(), node.totals(), node.weight())};
        }
        const std::int64_t held = held_by(node);
        const std::int64_t guaranteed = guaranteed_to(node);
        if (held < guaranteed) return {0, held};
        return {1, held - guaranteed - credits(node.role())};
    }

    // Who comes or goes, and every weight, changes all fair shares.
    void on(const allocator_event::ClaimantPut& /*e*/, PolicyContext& context) { divide(context); }
    void on(const allocator_event::ClaimantGone& /*e*/, PolicyContext& context) { divide(context); }
    void on(const allocator_event::RolePut& /*e*/, PolicyContext& context) { divide(context); }
    void on(const PolicyWake& /*e*/, PolicyContext& context) {
        if (context.now() < ends_at_) return context.wake_at(ends_at_);
        settle(context.root());
        ends_at_ = context.now() + options_.quantum;
        context.invalidate_all();
        if (weights_ > 0) context.wake_at(ends_at_);
    }

    /// What a role has saved, in thousandths of a credit; negative if it owes.
    [[nodiscard]] std::int64_t credits(const std::string& role) const {
        const auto found = credits_.find(role);
        return found == credits_.end() ? 0 : found->second;
    }

    void save(Bytes& out) const {
        put_signed(ends_at_.ns, out);
        put_signed(weights_, out);
        put_number(credits_.size(), out);
        for (const auto& [role, saved] : credits_) {
            put_text(role, out);
            put_signed(saved, out);
        }
    }
    void load(ByteReader& in) {
        ends_at_ = Instant{in.signed_number()};
        weights_ = in.signed_number();
        for (std::size_t left = in.count(); left > 0 && !in.has_failed(); --left) {
            const std::string role{in.text()};
            credits_[role] = in.signed_number();
        }
    }

private:
    static constexpr std::int64_t slice = 1000;  // Milli-cpus, and thousandths of a credit.

    struct Donor {
        std::int64_t credits = 0;
        std::string role;
        std::int64_t slices = 0;
        // The poorest goes first, and a heap has the greatest in front.
        friend bool operator<(const Donor& a, const Donor& b) {
            return a.credits != b.credits ? a.credits > b.credits : a.role > b.role;
        }
    };

    [[nodiscard]] static std::int64_t held_by(const NodeView& role) {
        return role.allocated()[*slot_of<Cpus>];
    }
    [[nodiscard]] std::int64_t fair_share_of(const NodeView& role) const {
        if (weights_ == 0 || role.arrival() == 0) return 0;
        const std::int64_t total = role.totals()[*slot_of<Cpus>];
        return static_cast<std::int64_t>(int128{total} * role.weight() / weights_);
    }
    [[nodiscard]] std::int64_t guaranteed_to(const NodeView& role) const {
        return fair_share_of(role) * options_.guaranteed / 1000;
    }

    // Roles without claimants have no share.
    void divide(PolicyContext& context) {
        std::int64_t weights = 0;
        context.root().for_each_child([&](const NodeView& role) {
            if (role.arrival() != 0) weights += role.weight();
        });
        if (weights != std::exchange(weights_, weights)) context.invalidate_all();
        if (weights_ > 0 && ends_at_ <= context.now()) ends_at_ = context.now() + options_.quantum;
        if (weights_ > 0) context.wake_at(ends_at_);
    }

    // The quantum is over: all earn, borrowers pay, and donors are paid for what was borrowed.
    void settle(const NodeView& root) {
        std::map<std::string, std::int64_t, std::less<>> settled;
        std::vector<Donor> donors;
        std::int64_t borrowed = 0;
        root.for_each_child([&](const NodeView& role) {
            const std::int64_t guaranteed = guaranteed_to(role);
            const std::int64_t over = held_by(role) - guaranteed;
            std::int64_t& saved = settled[role.role()];
            saved = credits(role.role()) + fair_share_of(role) - guaranteed;
            if (over > 0) {
                saved -= over;
                borrowed += over;
            } else if (over < 0) {
                donors.push_back({saved, role.role(), -over});
            }
        });
        std::make_heap(donors.begin(), donors.end());
        while (borrowed > 0 && !donors.empty()) {
            std::pop_heap(donors.begin(), donors.end());
            Donor& poorest = donors.back();
            const std::int64_t taken = std::min({slice, poorest.slices, borrowed});
            borrowed -= taken;
            poorest.slices -= taken;
            poorest.credits += taken;
            settled[poorest.role] = poorest.credits;
            if (poorest.slices == 0) {
                donors.pop_back();
            } else {
                std::push_heap(donors.begin(), donors.end());
            }
        }
        credits_ = std::move(settled);
    }

    KarmaOptions options_;
    Instant ends_at_;                                           // The quantum.
    std::int64_t weights_ = 0;                                  // Of all roles that have claimants.
    std::map<std::string, std::int64_t, std::less<>> credits_;  // By role.
};
static_assert(AllocationPolicy<Karma>);

}  // namespace offerkit
