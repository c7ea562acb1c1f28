// SPDX-License-Identifier: Apache-2.0

#include "why_words.hpp"

#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace offerkit::daemons {

using master::AgentWait;
using master::Wait;
using master::WaitCause;

namespace {

std::string count_of(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string agents_of(const Wait& wait) { return count_of(wait.agents.size(), "agent", "agents"); }

std::string be(const Wait& wait) { return wait.agents.size() == 1 ? " is " : " are "; }

/// "4.2 s", for people.
std::string format_seconds(std::int64_t ns) {
    const std::int64_t tenths = std::max<std::int64_t>(ns, 0) / 100'000'000;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

/// How often each reason, the most frequent first: "too_small 2, constraint 1".
std::string decline_counts(const Wait& wait) {
    std::map<std::string, std::size_t> counts;
    for (const AgentWait& agent : wait.agents) {
        ++counts[agent.reason ? std::string(format_decline_reason(*agent.reason)) : "left over"];
    }
    std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
    std::ranges::sort(sorted, [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    std::string text;
    for (const auto& [reason, count] : sorted) {
        text += (text.empty() ? "" : ", ") + reason + " " + std::to_string(count);
    }
    return text;
}

std::string declined_text(const Wait& wait, WallTime now) {
    WallTime first = master::never_expires;
    std::string detail;
    for (const AgentWait& agent : wait.agents) {
        first = std::min(first, agent.until);
        if (detail.empty()) detail = agent.detail;
    }
    std::string text = agents_of(wait) + " offered but declined by the framework: ";
    text += decline_counts(wait);
    if (!detail.empty()) text += " (\"" + detail + "\")";
    if (first == master::never_expires) return text + "; not offered again before it revives";
    return text + "; offered again in " + format_seconds(first.ns - now.ns) + " at the earliest";
}

std::string oldest_text(const Wait& wait, WallTime now) {
    WallTime oldest = now;
    for (const AgentWait& agent : wait.agents)
        oldest = std::min(oldest, agent.since);
    return "unanswered for " + format_seconds(now.ns - oldest.ns);
}

std::string holders_text(const Wait& wait) {
    std::vector<std::string> ids;
    for (const AgentWait& agent : wait.agents) {
        for (const FrameworkId id : agent.others) {
            if (std::ranges::find(ids, format_id(id)) == ids.end()) ids.push_back(format_id(id));
        }
    }
    std::string text = ids.size() == 1 ? "framework " : "frameworks ";
    for (std::size_t i = 0; i < ids.size() && i < 3; ++i)
        text += (i == 0 ? "" : ", ") + ids[i];
    return ids.size() > 3 ? text + " and " + std::to_string(ids.size() - 3) + " more" : text;
}

/// In which kind too little, and the agent that has most of it.
std::string lack_text(const Wait& wait, std::string_view of) {
    const auto largest = std::ranges::max_element(wait.agents, {}, &AgentWait::there);
    if (largest == wait.agents.end() || largest->kind.empty()) return "";
    std::string text;
    if (largest->needed != 0) text = "it wants " + format_amount(largest->needed) + " ";
    text += largest->kind + (largest->needed != 0 ? ", the most " : ": the most ");
    text += std::string(of) + " is " + format_amount(largest->there);
    return text + " on agent " + format_id(largest->agent);
}

std::string quota_text(const Wait& wait) {
    return "role " + wait.role + " has reached its limit of " + wait.kind + ": " +
           format_amount(wait.used) + " of " + format_amount(wait.limit) + " used";
}

std::string share_text(const Wait& wait) {
    std::string text = "others with a smaller share are served first: it has " +
                       format_amount(wait.used * 100) + "% of all " + wait.kind;
    if (!wait.others.empty()) {
        text += ", " + count_of(wait.others.size(), "framework has", "frameworks have") + " less";
    }
    return text;
}

}  // namespace

std::string text_of(const Wait& wait, WallTime now) {
    switch (wait.cause) {
        case WaitCause::not_subscribed:
            return "its scheduler is not connected: not subscribed";
        case WaitCause::suppressed:
            return "it asked for no offers in this role: suppressed";
        case WaitCause::no_demand:
            return "it said that it wants nothing in this role";
        case WaitCause::slow_reader:
            return "it does not read what the master sends";
        case WaitCause::quota_limit:
            return quota_text(wait);
        case WaitCause::no_agents:
            return "the cluster has no agents";
        case WaitCause::on_offer:
            return agents_of(wait) + be(wait) + "on offer to it, " + oldest_text(wait, now);
        case WaitCause::declined:
            return declined_text(wait, now);
        case WaitCause::offered_to_other:
            return "what is left of " + agents_of(wait) + " is on offer to " + holders_text(wait) +
                   ", " + oldest_text(wait, now);
        case WaitCause::in_use:
            return agents_of(wait) + be(wait) + "in use: " + lack_text(wait, "left");
        case WaitCause::headroom:
            return "what is left of " + agents_of(wait) +
                   " is held so that guarantees of other roles can be met";
        case WaitCause::reserved:
            return "what is left of " + agents_of(wait) + " is reserved for other roles";
        case WaitCause::capability:
            return agents_of(wait) + " have resources that the framework did not say it can use";
        case WaitCause::policy:
            return "the allocation policy failed: see offerkit events";
        case WaitCause::available:
            return agents_of(wait) + be(wait) + "free: the next allocation decides";
        case WaitCause::draining:
            return agents_of(wait) + be(wait) + "draining or deactivated";
        case WaitCause::unreachable:
            return agents_of(wait) + be(wait) + "unreachable or disconnected";
        case WaitCause::does_not_fit:
            return "no room on " + agents_of(wait) +
                   " even when empty: " + lack_text(wait, "of all");
        case WaitCause::share_order:
            return share_text(wait);
    }
    return "?";
}

std::string_view todo_of(const Wait& wait) {
    switch (wait.cause) {
        case WaitCause::not_subscribed:
            return "start its scheduler again, or look into its log";
        case WaitCause::suppressed:
            return "the framework has to revive: look into its log";
        case WaitCause::no_demand:
            return "nothing, if its work is done";
        case WaitCause::slow_reader:
            return "look whether its scheduler hangs";
        case WaitCause::quota_limit:
            return "raise the limit (offerkit quota set), or wait until its tasks end";
        case WaitCause::no_agents:
            return "start an agent";
        case WaitCause::on_offer:
            return "wait for its answer; look into its log if that takes long";
        case WaitCause::declined:
            return "its own reasons: ask for less, widen its constraints, or wait";
        case WaitCause::offered_to_other:
            return "wait: an offer that is not answered is taken back";
        case WaitCause::in_use:
            return "wait until tasks end, or add an agent";
        case WaitCause::headroom:
            return "lower the guarantees (offerkit quota list), or add an agent";
        case WaitCause::reserved:
            return "wait for other agents, or unreserve";
        case WaitCause::capability:
            return "subscribe with that capability";
        case WaitCause::policy:
            return "mend the policy, or start the master with another --policy";
        case WaitCause::available:
            return "ask again in a moment";
        case WaitCause::draining:
            return "offerkit agent activate puts one back";
        case WaitCause::unreachable:
            return "look at that machine and its network";
        case WaitCause::does_not_fit:
            return "ask for less, or add a larger agent";
        case WaitCause::share_order:
            return "wait, or give its role more weight (offerkit quota set)";
    }
    return "";
}

}  // namespace offerkit::daemons
