// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Dominant resource fairness with heterogeneous servers (Wang, Li and Liang, "Dominant Resource
/// Fairness in Cloud Computing Systems with Heterogeneous Servers", INFOCOM 2014; best-fit DRFH,
/// section 6): serve the least weighted share of the whole cluster, and give it the agent whose
/// available resources are shaped most like its tasks, so that what is left stays useful to others.
///
/// Shapes are compared as the paper does, with everything as a share of the cluster: each side is
/// divided by its share of the kind of which the task wants most (the paper takes the first kind,
/// of which a task may want nothing), and the differences are added up. A claimant that has stated
/// no demand takes agents in their order.
///
/// Cost: as weighted DRF, and for each grant a pass over the kinds of all agents that could be had.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/stated_shapes.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/amounts.hpp>

#include <cstddef>
#include <cstdint>

namespace offerkit {

class Drfh {
public:
    static constexpr auto name = "drfh";

    [[nodiscard]] Share rank(const NodeView& node) const noexcept {
        return dominant_share(node.allocated(), node.totals(), node.weight());
    }

    [[nodiscard]] AgentIndex pick(const NodeView& node, const AgentCandidates& candidates) const {
        const Amounts shape = shapes_.find(node.claimant());
        AgentIndex best;
        std::int64_t least = 0;
        for (const AgentView agent : candidates) {
            if (shape.is_zero()) return agent.index();
            const std::int64_t apart = distance(shape, agent.available().amounts(), node.totals());
            if (!best.is_none() && apart >= least) continue;
            best = agent.index();
            least = apart;
        }
        return best;
    }

    void on(const allocator_event::DemandPut& e, PolicyContext& /*context*/) { shapes_.put(e); }
    void on(const allocator_event::ClaimantGone& e, PolicyContext& /*context*/) {
        shapes_.erase(e.claimant);
    }

    void save(Bytes& out) const { shapes_.save(out); }
    void load(ByteReader& in) { shapes_.load(in); }

    /// How differently the two are shaped: zero if one is a multiple of the other. At most 2^54.
    [[nodiscard]] static std::int64_t distance(const Amounts& shape, const Amounts& available,
                                               const Amounts& totals) {
        constexpr std::int64_t most = std::int64_t{1} << 50;
        std::size_t dominant = 0;
        for (std::size_t slot = 1; slot < limits::slots; ++slot) {
            if (fixed_share(shape[slot], totals[slot]) >
                fixed_share(shape[dominant], totals[dominant])) {
                dominant = slot;
            }
        }
        const auto ratio = [&](const Amounts& amounts, std::size_t slot) {
            const std::int64_t of = fixed_share(amounts[dominant], totals[dominant]);
            if (of == 0) return most;
            const int128 ratio = int128{fixed_share(amounts[slot], totals[slot])} * fixed_one / of;
            return ratio < most ? static_cast<std::int64_t>(ratio) : most;
        };
        std::int64_t sum = 0;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            const std::int64_t apart = ratio(shape, slot) - ratio(available, slot);
            sum += apart < 0 ? -apart : apart;
        }
        return sum;
    }

private:
    StatedShapes shapes_;
};
static_assert(AllocationPolicy<Drfh>);

}  // namespace offerkit
