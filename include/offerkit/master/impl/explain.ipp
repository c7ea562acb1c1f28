// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/master/explain.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace offerkit::master {

OFFERKIT_INLINE std::string_view format_wait_cause(WaitCause cause) {
    constexpr std::array<std::string_view, wait_causes> names{
        "not_subscribed", "suppressed",  "no_demand",    "slow_reader",      "quota_limit",
        "no_agents",      "on_offer",    "declined",     "offered_to_other", "in_use",
        "headroom",       "reserved",    "capability",   "policy",           "available",
        "draining",       "unreachable", "does_not_fit", "share_order"};
    return names[static_cast<std::size_t>(cause)];
}

namespace detail {

/// Calls `f(name, units)` for each scalar kind, also those of which there is nothing.
template <class F>
void for_each_amount(const Resources& resources, F&& f) {
    f(std::string_view(Cpus::name), resources.get<Cpus>().units());
    f(std::string_view(Mem::name), resources.get<Mem>().units());
    f(std::string_view(Disk::name), resources.get<Disk>().units());
    f(std::string_view(Gpus::name), resources.get<Gpus>().units());
    for (const NamedAmount& amount : resources.named())
        f(std::string_view(amount.name), amount.units);
}

[[nodiscard]] OFFERKIT_INLINE std::int64_t units_of(const Resources& resources,
                                                    std::string_view kind) {
    std::int64_t units = 0;
    for_each_amount(resources, [&](std::string_view name, std::int64_t there) {
        if (name == kind) units = there;
    });
    return units;
}

/// What takes part in the account of a role.
template <class F>
void for_each_allocation(const ReadModel& model, F&& f) {
    for (const auto& [key, view] : model.tasks()) {
        if (!is_terminal(view.state)) f(key.framework, view.task.role, view.task.resources);
    }
    for (const auto& [id, put] : model.offers())
        f(put.offer.framework, put.offer.role, put.offer.resources);
}

class Explainer {
public:
    Explainer(const ReadModel& model, const FrameworkPut& framework, RoleWait& out, WallTime now)
        : model_(model), framework_(framework), out_(out), now_(now) {
        const auto claimant = model.claimants().find({framework.id, out.role});
        if (claimant != model.claimants().end()) claimant_ = &claimant->second;
        if (out_.wanted.empty() && claimant_ != nullptr && claimant_->demand) {
            for (const DemandShape& shape : *claimant_->demand)
                if (shape.count != 0) out_.wanted.push_back(shape.resources);
        }
    }

    void run() {
        out_.agents = model_.agents().size();
        if (blocks_role()) return;
        look_at_limits();
        if (model_.agents().empty()) add({WaitCause::no_agents});
        for (const auto& [id, put] : model_.offers())
            offers_[put.offer.agent].push_back(&put);
        for (const auto& [id, view] : model_.agents()) {
            AgentWait wait;
            wait.agent = id;
            wait.hostname = view.agent.info.hostname;
            wait.condition = view.agent.condition;
            const WaitCause cause = look_at(view, wait);
            by_cause_[cause].push_back(std::move(wait));
        }
        for (auto& [cause, agents] : by_cause_)
            add({cause, std::move(agents)});
        look_at_shares();
        sort();
    }

private:
    void add(Wait wait) { out_.causes.push_back(std::move(wait)); }

    /// True if nothing else matters.
    bool blocks_role() {
        const std::vector<Role>& quiet = framework_.suppressed;
        if (framework_.condition == FrameworkCondition::disconnected) {
            add({WaitCause::not_subscribed});
        } else if (std::ranges::find(quiet, out_.role) != quiet.end()) {
            add({WaitCause::suppressed});
        } else if (claimant_ != nullptr && claimant_->demand && out_.wanted.empty()) {
            add({WaitCause::no_demand});
        } else if (is_latest(NoOfferReason::peer_slow)) {
            add({WaitCause::slow_reader});
        }
        return !out_.causes.empty();
    }

    void look_at_limits() {
        for (const auto& [path, config] : model_.roles()) {
            if (!config.role.covers(out_.role)) continue;
            for (const auto& [kind, limit] : config.quota.limits) {
                const std::int64_t used = used_by(config.role, kind);
                if (!is_at_limit(kind, limit - used)) continue;
                Wait wait{WaitCause::quota_limit};
                wait.role = config.role.path();
                wait.kind = kind;
                wait.limit = limit;
                wait.used = used;
                wait.counted = counted(NoOfferReason::quota_limit);
                add(std::move(wait));
            }
        }
    }

    [[nodiscard]] std::int64_t used_by(const Role& role, std::string_view kind) const {
        std::int64_t used = 0;
        for_each_allocation(model_, [&](FrameworkId, const Role& of, const Resources& resources) {
            if (role.covers(of)) used += units_of(resources, kind);
        });
        return used;
    }

    [[nodiscard]] bool is_at_limit(std::string_view kind, std::int64_t room) const {
        if (out_.wanted.empty()) return room <= 0;
        return std::ranges::all_of(out_.wanted, [&](const Resources& wanted) {
            return units_of(wanted, kind) > std::max<std::int64_t>(room, 0);
        });
    }

    [[nodiscard]] bool is_enough(const Resources& resources, const Resources& total) const {
        if (!out_.wanted.empty()) {
            return std::ranges::any_of(
                out_.wanted, [&](const Resources& wanted) { return resources.contains(wanted); });
        }
        // As the allocation does: without processors or memory it is of no use to anybody.
        const auto has = [&](std::int64_t there, std::int64_t of) { return there > 0 || of == 0; };
        return has(resources.get<Cpus>().units(), total.get<Cpus>().units()) &&
               has(resources.get<Mem>().units(), total.get<Mem>().units());
    }

    /// In which kind it is too little, for the first of what is wanted.
    void name_lack(const Resources& resources, const Resources& total, AgentWait& wait) const {
        const Resources& wanted = out_.wanted.empty() ? total : out_.wanted.front();
        for_each_amount(wanted, [&](std::string_view kind, std::int64_t needed) {
            const std::int64_t there = units_of(resources, kind);
            if (!wait.kind.empty() || needed == 0) return;
            if (out_.wanted.empty() ? there != 0 : there >= needed) return;
            wait.kind = kind;
            wait.needed = out_.wanted.empty() ? 0 : needed;
            wait.there = there;
        });
    }

    WaitCause look_at(const AgentView& view, AgentWait& wait) {
        switch (view.agent.condition) {
            case AgentCondition::unreachable:
            case AgentCondition::recovering:
            case AgentCondition::disconnected:
                return WaitCause::unreachable;
            case AgentCondition::deactivated:
            case AgentCondition::draining:
            case AgentCondition::drained:
                return WaitCause::draining;
            case AgentCondition::active:
                break;
        }
        const Resources& total = view.agent.info.resources;
        if (holds_offer(view, wait)) return WaitCause::on_offer;
        if (!is_enough(total, total)) {
            name_lack(total, total, wait);
            return WaitCause::does_not_fit;
        }
        const Resources unused = total.contains(view.used) ? total - view.used : Resources{};
        if (!is_enough(unused, total)) {
            name_lack(unused, total, wait);
            return WaitCause::in_use;
        }
        const Resources left = unused.contains(view.offered) ? unused - view.offered : Resources{};
        if (is_filtered(left, wait)) return WaitCause::declined;
        if (is_enough(left, total)) return why_not_offered();
        name_holders(wait);
        return WaitCause::offered_to_other;
    }

    bool is_filtered(const Resources& left, AgentWait& wait) const {
        const FilterPut* filter = model_.find_filter({framework_.id, out_.role}, wait.agent);
        if (filter == nullptr || filter->until <= now_ || !filter->refused.contains(left)) {
            return false;
        }
        wait.since = filter->at;
        wait.until = filter->until;
        wait.reason = filter->reason;
        wait.detail = filter->detail;
        return true;
    }

    bool holds_offer(const AgentView& view, AgentWait& wait) const {
        const auto found = offers_.find(view.agent.id);
        if (found == offers_.end()) return false;
        for (const OfferPut* put : found->second) {
            if (put->offer.framework != framework_.id || put->offer.role != out_.role) continue;
            wait.since = put->at;
            return true;
        }
        return false;
    }

    void name_holders(AgentWait& wait) const {
        const auto found = offers_.find(wait.agent);
        if (found == offers_.end()) return;
        for (const OfferPut* put : found->second) {
            if (wait.since == WallTime{} || put->at < wait.since) wait.since = put->at;
            if (std::ranges::find(wait.others, put->offer.framework) == wait.others.end()) {
                wait.others.push_back(put->offer.framework);
            }
        }
    }

    /// There is enough and nothing to be seen in the way: then the allocator has counted what is.
    [[nodiscard]] WaitCause why_not_offered() const {
        constexpr std::pair<NoOfferReason, WaitCause> causes[] = {
            {NoOfferReason::headroom, WaitCause::headroom},
            {NoOfferReason::reserved, WaitCause::reserved},
            {NoOfferReason::capability, WaitCause::capability},
            {NoOfferReason::policy_rejected, WaitCause::policy},
            {NoOfferReason::policy_fault, WaitCause::policy},
        };
        WaitCause latest = WaitCause::available;
        WallTime at;
        for (const auto& [reason, cause] : causes) {
            if (!is_latest(reason) || counted_at(reason) < at) continue;
            at = counted_at(reason);
            latest = cause;
        }
        return latest;
    }

    [[nodiscard]] WallTime counted_at(NoOfferReason reason) const {
        return claimant_ == nullptr ? WallTime{}
                                    : claimant_->not_offered_at[static_cast<std::size_t>(reason)];
    }

    [[nodiscard]] std::uint64_t counted(NoOfferReason reason) const {
        return claimant_ == nullptr ? 0 : claimant_->not_offered[static_cast<std::size_t>(reason)];
    }

    /// Counted since the latest offer.
    [[nodiscard]] bool is_latest(NoOfferReason reason) const {
        return claimant_ != nullptr && counted_at(reason) > claimant_->offered_at;
    }

    struct Share {
        std::int64_t thousandths = 0;
        std::string_view kind;
    };

    [[nodiscard]] static Share share_of(const Resources& part, const Resources& whole) {
        Share share;
        for_each_amount(whole, [&](std::string_view kind, std::int64_t there) {
            if (there == 0) return;
            const auto exact = static_cast<int128>(units_of(part, kind)) * 1000 / there;
            if (exact > share.thousandths || share.kind.empty()) {
                share = {static_cast<std::int64_t>(exact), kind};
            }
        });
        return share;
    }

    void look_at_shares() {
        const bool others_have = by_cause_.contains(WaitCause::in_use) ||
                                 by_cause_.contains(WaitCause::offered_to_other);
        if (!others_have || !is_latest(NoOfferReason::share_order)) return;
        Resources whole;
        for (const auto& [id, view] : model_.agents())
            whole.amounts() += view.agent.info.resources.amounts();
        std::map<FrameworkId, Resources> parts;
        for_each_allocation(model_, [&](FrameworkId id, const Role&, const Resources& resources) {
            parts[id].amounts() += resources.amounts();
        });
        Wait wait{WaitCause::share_order};
        const Share own = share_of(parts[framework_.id], whole);
        wait.kind = own.kind;
        wait.used = own.thousandths;
        wait.limit = own.thousandths;
        wait.counted = counted(NoOfferReason::share_order);
        for (const auto& [id, framework] : model_.frameworks()) {
            const std::int64_t share = share_of(parts[id], whole).thousandths;
            if (id == framework_.id || share >= own.thousandths) continue;
            wait.limit = std::min(wait.limit, share);
            wait.others.push_back(id);
        }
        add(std::move(wait));
    }

    /// What an agent can never give says little while others could; of the rest, what is true of
    /// most agents comes first.
    void sort() {
        const auto weight = [](const Wait& wait) {
            if (wait.cause <= WaitCause::no_agents) return 0;
            if (wait.cause == WaitCause::share_order) return 3;
            return wait.cause >= WaitCause::draining ? 2 : 1;
        };
        std::ranges::sort(out_.causes, [&](const Wait& a, const Wait& b) {
            const std::pair of_a{weight(a), b.agents.size()};
            const std::pair of_b{weight(b), a.agents.size()};
            if (of_a != of_b) return of_a < of_b;
            return std::tie(a.cause, a.role, a.kind) < std::tie(b.cause, b.role, b.kind);
        });
    }

    const ReadModel& model_;
    const FrameworkPut& framework_;
    RoleWait& out_;
    WallTime now_;
    const ClaimantView* claimant_ = nullptr;
    std::map<AgentId, std::vector<const OfferPut*>> offers_;
    std::map<WaitCause, std::vector<AgentWait>> by_cause_;
};

}  // namespace detail

OFFERKIT_INLINE RoleWait explain(const ReadModel& model, const FrameworkPut& framework,
                                 const Role& role, std::vector<Resources> wanted, WallTime now) {
    RoleWait wait;
    wait.role = role;
    wait.wanted = std::move(wanted);
    detail::Explainer{model, framework, wait, now}.run();
    return wait;
}

}  // namespace offerkit::master
