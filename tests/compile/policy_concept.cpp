// SPDX-License-Identifier: Apache-2.0
// What is no policy is told so in one line that names the missing piece.
#include <offerkit/master_main.hpp>

using namespace offerkit;

struct Fine {
    std::int64_t rank(const NodeView& node) const { return node.weight(); }
};
static_assert(AllocationPolicy<Fine> && check_policy<Fine>());

[[maybe_unused]] int run_fine() { return master_main<Fine>(0, nullptr); }

// case: a policy without a rank
// expect: a policy is missing: auto rank\(const NodeView&\) const
// errors: 1
#if CASE == 1
struct Wrong {};
int use() { return master_main<Wrong>(0, nullptr); }
#endif

// case: a rank of something else
// expect: want: auto rank\(const NodeView&\) const
// errors: 1
#if CASE == 2
struct Wrong {
    int rank(const AgentView&) const { return 0; }
};
int use() { return master_main<Wrong>(0, nullptr); }
#endif

// case: a rank that machines do not agree on
// expect: a rank is a Share, an integer or a std::pair of integers
// errors: 1
#if CASE == 3
struct Wrong {
    double rank(const NodeView&) const { return 0.5; }
};
int use() { return master_main<Wrong>(0, nullptr); }
#endif

// case: a policy that cannot be moved
// expect: a policy must be movable
// errors: 1
#if CASE == 4
struct Wrong : Fine {
    Wrong() = default;
    Wrong(const Wrong&) = delete;
};
int use() { return master_main<Wrong>(0, nullptr); }
#endif

// case: an optional hook with other arguments
// expect: shape takes \(const NodeView&, const AgentView&, const Resources&\)
#if CASE == 5
struct Wrong : Fine {
    Resources shape(const NodeView&, const Resources& available) { return available; }
};
int use() { return master_main<Wrong>(0, nullptr); }
#endif

// case: two hooks that both order agents
// expect: a policy has agent_key or pick
#if CASE == 6
struct Wrong : Fine {
    std::int64_t agent_key(const AgentView&) const { return 0; }
    AgentIndex pick(const NodeView&, const AgentCandidates&) const { return {}; }
};
int use() { return master_main<Wrong>(0, nullptr); }
#endif
