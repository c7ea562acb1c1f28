// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What may start when: pieces of work, some of which wait for others. For any scheduler; a piece
/// is a number, and what it stands for is the scheduler's own business.

#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace offerkit::framework {

/// Memory and the work of a whole life are linear in nodes and edges, however deep or wide it is.
class DependencyGraph {
public:
    using Node = std::uint32_t;

    struct Edge {
        Node before;  // Must be done ...
        Node after;   // ... before this may start.
        friend auto operator<=>(const Edge&, const Edge&) = default;
    };

    DependencyGraph() = default;

    /// Nodes are 0 to `nodes - 1`. An edge that is given twice counts once. A graph with a cycle is
    /// made all the same, and `find_cycle` tells. Pre: edges name nodes.
    DependencyGraph(std::size_t nodes, std::vector<Edge> edges);

    [[nodiscard]] std::size_t size() const { return states_.size(); }
    /// How many wait for another.
    [[nodiscard]] std::size_t blocked() const { return blocked_; }

    /// Nodes that wait for each other in a circle: each must be done before the next, the last
    /// before the first. Empty if there is none: then every node can be done.
    [[nodiscard]] std::vector<Node> find_cycle() const;

    /// All that wait for nothing and are not done, in order.
    [[nodiscard]] std::vector<Node> ready() const;

    /// `node` is done, whatever it waited for. Returns those that waited for it last, in order:
    /// they may start. Empty if it was done or given up before.
    std::vector<Node> done(Node node);

    /// `node` will never be done. Returns all that wait for it, directly or through others: they
    /// are given up with it. Those that are done stay done, and what waits for them alone goes on.
    std::vector<Node> give_up(Node node);

    [[nodiscard]] bool is_done(Node node) const { return at(node) == State::done; }
    [[nodiscard]] bool is_given_up(Node node) const { return at(node) == State::given_up; }

private:
    enum class State : std::uint8_t { blocked, ready, done, given_up };

    [[nodiscard]] State at(Node node) const {
        OFFERKIT_ASSERT(node < states_.size());
        return states_[node];
    }

    [[nodiscard]] std::span<const Node> after(Node node) const {
        return std::span{afters_}.subspan(starts_[node], starts_[node + 1] - starts_[node]);
    }

    void leave(Node node, State state) {
        if (states_[node] == State::blocked) --blocked_;
        states_[node] = state;
    }

    std::vector<std::size_t> starts_;  // Of each node's part of `afters_`; one more at the end.
    std::vector<Node> afters_;
    std::vector<Node> missing_;  // How many edges into a node are not done.
    std::vector<State> states_;
    std::size_t blocked_ = 0;
};

inline DependencyGraph::DependencyGraph(std::size_t nodes, std::vector<Edge> edges)
    : starts_(nodes + 1), missing_(nodes), states_(nodes, State::ready) {
    OFFERKIT_ASSERT(nodes < std::numeric_limits<Node>::max());
    std::ranges::sort(edges);
    edges.erase(std::ranges::unique(edges).begin(), edges.end());
    afters_.reserve(edges.size());
    for (const Edge& edge : edges) {
        OFFERKIT_ASSERT(edge.before < nodes && edge.after < nodes);
        ++starts_[edge.before + 1];
        afters_.push_back(edge.after);
        ++missing_[edge.after];
    }
    for (std::size_t node = 0; node < nodes; ++node) {
        starts_[node + 1] += starts_[node];
        if (missing_[node] == 0) continue;
        states_[node] = State::blocked;
        ++blocked_;
    }
}

// A search in depth with a stack of its own: a chain may be as long as there are nodes.
inline std::vector<DependencyGraph::Node> DependencyGraph::find_cycle() const {
    enum class Mark : std::uint8_t { unseen, on_path, left };
    std::vector<Mark> marks(size(), Mark::unseen);
    std::vector<Node> path;
    std::vector<std::size_t> tried;  // How many of each one's edges, beside `path`.
    for (Node root = 0; root < size(); ++root) {
        if (marks[root] != Mark::unseen) continue;
        marks[root] = Mark::on_path;
        path.assign(1, root);
        tried.assign(1, 0);
        while (!path.empty()) {
            const std::span<const Node> nodes = after(path.back());
            if (tried.back() == nodes.size()) {
                marks[path.back()] = Mark::left;
                path.pop_back();
                tried.pop_back();
                continue;
            }
            const Node next = nodes[tried.back()++];
            if (marks[next] == Mark::on_path) {
                path.erase(path.begin(), std::ranges::find(path, next));
                return path;
            }
            if (marks[next] == Mark::left) continue;
            marks[next] = Mark::on_path;
            path.push_back(next);
            tried.push_back(0);
        }
    }
    return {};
}

inline std::vector<DependencyGraph::Node> DependencyGraph::ready() const {
    std::vector<Node> nodes;
    for (Node node = 0; node < size(); ++node) {
        if (states_[node] == State::ready) nodes.push_back(node);
    }
    return nodes;
}

inline std::vector<DependencyGraph::Node> DependencyGraph::done(Node node) {
    std::vector<Node> freed;
    if (at(node) == State::done || at(node) == State::given_up) return freed;
    leave(node, State::done);
    for (const Node next : after(node)) {
        if (--missing_[next] != 0 || states_[next] != State::blocked) continue;
        leave(next, State::ready);
        freed.push_back(next);
    }
    return freed;
}

inline std::vector<DependencyGraph::Node> DependencyGraph::give_up(Node node) {
    std::vector<Node> given_up;
    if (at(node) == State::done || at(node) == State::given_up) return given_up;
    leave(node, State::given_up);
    const auto give_up_after = [&](Node before) {
        for (const Node next : after(before)) {
            if (states_[next] != State::blocked) continue;
            leave(next, State::given_up);
            given_up.push_back(next);
        }
    };
    give_up_after(node);
    for (std::size_t i = 0; i < given_up.size(); ++i)
        give_up_after(given_up[i]);
    return given_up;
}

}  // namespace offerkit::framework

namespace offerkit {

using framework::DependencyGraph;

}  // namespace offerkit
