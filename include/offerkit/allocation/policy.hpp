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
#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit {

/// One party that competes, as a policy sees it: a role with all below it, or a framework in a
/// role. Valid during the call that it is handed to. All amounts are in thousandths.
class NodeView {
public:
    NodeView(NodeIndex id, const ClaimantNode& node, const Amounts& totals)
        : id_(id), node_(&node), totals_(&totals) {}
    NodeView(NodeIndex id, const RoleTree& tree, const Amounts& totals)
        : id_(id), node_(&tree[id]), totals_(&totals), tree_(&tree) {}

    /// Names the node while it exists; equal in two runs only if their events are.
    [[nodiscard]] NodeIndex id() const { return id_; }
    /// Made of the role's path and the framework's id alone: what chance should depend on.
    [[nodiscard]] std::uint64_t identity() const { return node_->identity; }
    [[nodiscard]] NodeIndex parent() const { return node_->parent; }
    [[nodiscard]] std::uint32_t depth() const { return node_->depth; }  // The root has 0.
    [[nodiscard]] bool is_leaf() const { return node_->is_leaf(); }
    [[nodiscard]] ClaimantIndex claimant() const { return node_->claimant; }  // None: a role.
    [[nodiscard]] const std::string& role() const { return node_->path; }

    [[nodiscard]] std::int64_t weight() const { return node_->weight; }  // 1 to 10^6 thousandths.

    /// What the subtree holds, offers included; and what the node itself does, which is nothing
    /// for a role.
    [[nodiscard]] const Amounts& allocated() const { return node_->allocated; }
    [[nodiscard]] Amounts own_allocated() const { return is_leaf() ? node_->allocated : Amounts{}; }
    /// What the subtree said that it wants, and the node itself. Zero may also mean: not said.
    [[nodiscard]] const Amounts& demand() const { return node_->demand; }
    [[nodiscard]] Amounts own_demand() const { return is_leaf() ? node_->demand : Amounts{}; }

    /// True if nothing can be offered below: all are suppressed, away, at a limit, or want nothing.
    [[nodiscard]] bool is_blocked() const { return node_->live == 0; }

    /// Sequence numbers, ascending. A role came with its first claimant.
    [[nodiscard]] std::uint64_t arrival() const { return node_->arrival; }
    [[nodiscard]] std::uint64_t last_served() const { return node_->last_served; }  // Zero: never.

    /// What all agents have together, and what all claimants hold.
    [[nodiscard]] const Amounts& totals() const { return *totals_; }
    [[nodiscard]] const Amounts& all_allocated() const {
        return (*tree_)[RoleTree::root()].allocated;
    }

    /// Calls `f` with the view of each child, in stable order. For a rank that depends on more of
    /// the subtree than its sums; what it costs is the policy's to state.
    template <class F>
    void for_each_child(F&& f) const {
        for (const NodeIndex child : node_->children)
            f(NodeView{child, *tree_, *totals_});
    }

    /// Another number whenever anything that a rank may depend on has changed in the subtree: what
    /// was worked out from it may be kept for as long as the number is the same.
    [[nodiscard]] std::uint64_t version() const { return node_->version; }

private:
    NodeIndex id_;
    const ClaimantNode* node_;
    const Amounts* totals_;
    const RoleTree* tree_ = nullptr;
};

/// An agent, as a policy sees it. Valid during the call that it is handed to.
class AgentView {
public:
    AgentView(AgentIndex index, AgentId id, const Resources& total, const Resources& available,
              const Amounts& totals)
        : index_(index), id_(id), total_(&total), available_(&available), totals_(&totals) {}

    [[nodiscard]] AgentIndex index() const { return index_; }
    [[nodiscard]] AgentId id() const { return id_; }
    [[nodiscard]] const Resources& total() const { return *total_; }
    [[nodiscard]] const Resources& available() const { return *available_; }

    /// What all agents have together.
    [[nodiscard]] const Amounts& totals() const { return *totals_; }

private:
    AgentIndex index_;
    AgentId id_;
    const Resources* total_;
    const Resources* available_;
    const Amounts* totals_;
};

/// The agents that `pick` may choose from, in agent order: a lazy range, so that looking at the
/// first few costs a check of those few.
class AgentCandidates {
public:
    /// Finds the first candidate at or after `position`, and says where; false at the end.
    using Find = bool (*)(const void* source, std::size_t& position);
    using Look = AgentView (*)(const void* source, std::size_t position);

    AgentCandidates(const void* source, Find find, Look look)
        : source_(source), find_(find), look_(look) {}

    class Iterator {
    public:
        using value_type = AgentView;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        explicit Iterator(const AgentCandidates& of) : of_(&of) {
            more_ = of_->find_(of_->source_, position_);
        }
        [[nodiscard]] AgentView operator*() const { return of_->look_(of_->source_, position_); }
        Iterator& operator++() {
            ++position_;
            more_ = of_->find_(of_->source_, position_);
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const Iterator& at, std::default_sentinel_t) { return !at.more_; }

    private:
        const AgentCandidates* of_ = nullptr;
        std::size_t position_ = 0;
        bool more_ = false;
    };

    [[nodiscard]] Iterator begin() const { return Iterator{*this}; }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    const void* source_;
    Find find_;
    Look look_;
};

/// The time has come that a policy asked for with `wake_at`.
struct PolicyWake {};

/// What a policy may do while it hears of an event.
class PolicyContext {
public:
    PolicyContext(Instant now, const RoleTree& tree, const Amounts& totals)
        : now_(now), tree_(&tree), totals_(&totals) {}

    [[nodiscard]] Instant now() const { return now_; }

    /// Runs a cycle at that time even if nothing else happens, and lets the policy hear
    /// `PolicyWake`. The earliest wish counts; one that is not in the future does not.
    void wake_at(Instant at) { wake_ = at < wake_ ? at : wake_; }

    /// Has the node ranked again in the next cycle, and all agents looked at once more.
    void invalidate(NodeIndex node) { invalid_.push_back(node); }

    /// Has all nodes ranked again in the next cycle, and all agents looked at once more. For what
    /// changes the rank of nodes that nothing has happened to.
    void invalidate_all() { all_invalid_ = true; }

    /// The root of the tree, from which all nodes can be reached.
    [[nodiscard]] NodeView root() const { return {RoleTree::root(), *tree_, *totals_}; }

    /// The node of a role; none if there is none.
    [[nodiscard]] NodeIndex find(std::string_view role) const { return tree_->find(role); }

    [[nodiscard]] Instant wake() const { return wake_; }
    [[nodiscard]] const std::vector<NodeIndex>& invalid() const { return invalid_; }
    [[nodiscard]] bool is_all_invalid() const { return all_invalid_; }

private:
    Instant now_;
    const RoleTree* tree_;
    const Amounts* totals_;
    bool all_invalid_ = false;
    Instant wake_ = Instant::never();
    std::vector<NodeIndex> invalid_;
};

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
    static constexpr bool has_begin_cycle = HasBeginCycle<P>;
    static constexpr bool can_save = CanSave<P>;

    static_assert(has_agent_key || !NamesAgentKey<P>,
                  "agent_key takes (const AgentView&) and returns a Share, an integer or a pair");
    static_assert(has_pick || !NamesPick<P>,
                  "pick takes (const NodeView&, const AgentCandidates&) and returns AgentIndex");
    static_assert(has_shape || !NamesShape<P>,
                  "shape takes (const NodeView&, const AgentView&, const Resources&) and returns "
                  "Resources");
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
