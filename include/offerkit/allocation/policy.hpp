// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an allocation policy is: a type that ranks those who compete, and may say more. A policy
/// decides and cannot enforce: quota, reservations, refuse filters and conservation are the
/// cycle's, so that no policy can break a promise made to somebody else.
///
/// Example, complete:
///
///     struct FewestFirst {
///         static constexpr auto name = "fewest";
///         auto rank(const NodeView& node) const { return node.allocated()[0]; }
///     };
///     static_assert(AllocationPolicy<FewestFirst>);

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/policy_view.hpp>
#include <offerkit/allocation/proposal.hpp>
#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace offerkit {

namespace detail {

template <class T>
inline constexpr bool is_integer_pair = false;
template <std::integral A, std::integral B>
inline constexpr bool is_integer_pair<std::pair<A, B>> = true;

}  // namespace detail

/// What ranks are made of: a `Share`, an integer, or a pair of integers. Not floating point: two
/// machines must agree on who is next.
template <class T>
concept PolicyRank = std::same_as<T, Share> || std::integral<T> || detail::is_integer_pair<T>;

/// Decides who is served next.
///
/// Requires, for a policy `p` and a `NodeView` `n`:
///   `p.rank(n)`, a `PolicyRank`: siblings are served in ascending order; ties go by role path,
///   then by framework. It depends on `n` and on what `p` keeps, on nothing else (no clock, no
///   chance), and changes only when something happens in the subtree of `n`, when the totals
///   change, in `begin_cycle`, or by `invalidate`. A node is ranked when one of these happens, not
///   whenever it is compared.
///
/// A policy may also have, each on its own (`c` a `PolicyContext&`, `a` an `AgentView`):
///   `p.on(event, c)`, for any of the structs in `allocator_event`, for `Grant` and `PolicyWake`:
///   keeps the policy's own state. Called after the ledgers have changed, before anybody is ranked
///   because of it.
///   `p.agent_key(a)`, a `PolicyRank`: agents are offered in ascending order of it.
///   `p.pick(n, candidates)`, an `AgentIndex` among the candidates, or none: the leaf `n`, next in
///   order, chooses its agent. Instead of `agent_key`.
///   `p.shape(n, a, available)`, `Resources` contained in `available`: how much of the agent is
///   offered to the leaf `n`. Empty: not this agent.
///   `p.propose(cluster)`, a `Proposal` (`proposal.hpp`): grants that are made all or none, for
///   policies that decide for several at once. Asked first in every cycle, again after each
///   proposal that was granted. Those who have stated a demand are then served by proposals alone.
///   `p.begin_cycle(rng)`: the only place for chance. Ranks all nodes anew.
///   `p.save(bytes)` const and `p.load(reader)`: append to a `Bytes&` what the policy keeps, and
///   read it back into a new one. Without them a policy that keeps anything cannot be recorded.
///   `P::name`: what `--policy` calls it.
///
/// Hooks may throw: what the cycle has decided is then void, and becomes a fault that names the
/// hook. They are never called again in that cycle.
///
/// Models: the policies of `docs/policies.md`. `check_policy<P>()` says in one line what is
/// missing.
template <class P>
concept AllocationPolicy = std::movable<P> && requires(P& p, const NodeView& n) {
    { p.rank(n) } -> PolicyRank;
};

namespace detail {

// One concept for each optional hook: the cycle asks these, and nothing else, what a policy has.
template <class P, class E>
concept HearsEvent =
    requires(P& p, const E& event, PolicyContext& context) { p.on(event, context); };
template <class P>
concept HasAgentKey = requires(P& p, const AgentView& agent) {
    { p.agent_key(agent) } -> PolicyRank;
};
template <class P>
concept HasPick = requires(P& p, const NodeView& node, const AgentCandidates& candidates) {
    { p.pick(node, candidates) } -> std::same_as<AgentIndex>;
};
template <class P>
concept HasShape =
    requires(P& p, const NodeView& node, const AgentView& agent, const Resources& available) {
        { p.shape(node, agent, available) } -> std::convertible_to<Resources>;
    };
template <class P>
concept HasPropose = requires(P& p, const ClusterView& cluster) {
    { p.propose(cluster) } -> std::same_as<Proposal>;
};
template <class P>
concept HasBeginCycle = requires(P& p, Rng& rng) { p.begin_cycle(rng); };
template <class P>
concept CanSave = requires(const P& from, P& to, Bytes& out, ByteReader& in) {
    from.save(out);
    to.load(in);
};

// What agents are ordered by, before their ids.
template <class P>
struct AgentKeyOf {
    using type = std::monostate;
};
template <HasAgentKey P>
struct AgentKeyOf<P> {
    using type = std::remove_cvref_t<decltype(std::declval<P&>().agent_key(
        std::declval<const AgentView&>()))>;
};

// A hook that is there by name but cannot be called would be ignored without a word.
template <class P>
concept NamesRank = requires { &P::rank; };
template <class P>
concept NamesAgentKey = requires { &P::agent_key; };
template <class P>
concept NamesPick = requires { &P::pick; };
template <class P>
concept NamesShape = requires { &P::shape; };
template <class P>
concept NamesPropose = requires { &P::propose; };
template <class P>
concept NamesBeginCycle = requires { &P::begin_cycle; };
template <class P>
concept NamesSave = requires { &P::save; } || requires { &P::load; };

template <class P>
struct PolicyTraits {
    using Rank =
        std::remove_cvref_t<decltype(std::declval<P&>().rank(std::declval<const NodeView&>()))>;

    using AgentKey = typename AgentKeyOf<P>::type;

    static constexpr bool has_agent_key = HasAgentKey<P>;
    static constexpr bool has_pick = HasPick<P>;
    static constexpr bool has_shape = HasShape<P>;
    static constexpr bool has_propose = HasPropose<P>;
    static constexpr bool has_begin_cycle = HasBeginCycle<P>;
    static constexpr bool can_save = CanSave<P>;

    static_assert(has_agent_key || !NamesAgentKey<P>,
                  "agent_key takes (const AgentView&) and returns a Share, an integer or a pair");
    static_assert(has_pick || !NamesPick<P>,
                  "pick takes (const NodeView&, const AgentCandidates&) and returns AgentIndex");
    static_assert(has_shape || !NamesShape<P>,
                  "shape takes (const NodeView&, const AgentView&, const Resources&) and returns "
                  "Resources");
    static_assert(has_propose || !NamesPropose<P>,
                  "propose takes (const ClusterView&) and returns Proposal");
    static_assert(has_begin_cycle || !NamesBeginCycle<P>, "begin_cycle takes (Rng&)");
    static_assert(can_save || !NamesSave<P>,
                  "save takes (Bytes&) and is const, load (ByteReader&)");
    static_assert(!(has_agent_key && has_pick),
                  "a policy has agent_key or pick: both would order agents");
};

}  // namespace detail

/// True if `P` is a policy; if not, does not compile, and says which piece is missing or wrong.
template <class P>
consteval bool check_policy() {
    constexpr bool can_rank = requires(P& p, const NodeView& n) { p.rank(n); };
    static_assert(std::movable<P>, "a policy must be movable");
    static_assert(can_rank || detail::NamesRank<P>,
                  "a policy is missing: auto rank(const NodeView&) const");
    static_assert(can_rank || !detail::NamesRank<P>, "want: auto rank(const NodeView&) const");
    static_assert(!can_rank || AllocationPolicy<P> || !std::movable<P>,
                  "a rank is a Share, an integer or a std::pair of integers: not floating point, "
                  "which machines do not agree on");
    if constexpr (AllocationPolicy<P>) (void)detail::PolicyTraits<P>{};
    return AllocationPolicy<P>;
}

/// What `--policy` calls it; "custom" for a policy without `name`.
template <AllocationPolicy P>
[[nodiscard]] constexpr std::string_view policy_name_of() {
    if constexpr (requires {
                      { P::name } -> std::convertible_to<std::string_view>;
                  }) {
        return P::name;
    } else {
        return "custom";
    }
}

}  // namespace offerkit
