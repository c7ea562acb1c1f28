// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What of a cycle depends on its policy, as bytes. The order of the tree is not among it: it
/// follows from the ledgers, and is found again when it is first needed.

#include <offerkit/allocation/cycle.hpp>

namespace offerkit {

template <AllocationPolicy P>
Result<void> Cycle<P>::save_policy(Bytes& out) const {
    put_number(rng_.state(), out);
    put_number(ranked_totals_, out);
    put_number(ranked_renumberings_, out);
    put_number(rank_all_ ? 1 : 0, out);
    put_number(faulted_ ? 1 : 0, out);
    put_number(pending_faults_.size(), out);
    for (const std::string& fault : pending_faults_)
        put_text(fault, out);
    if constexpr (Traits::can_save) {
        policy_.save(out);
    } else if constexpr (!std::is_empty_v<P>) {
        return Refusal{RefusalCode::unsupported, "policy " + policy_name(), "save its state",
                       "it keeps state but has no save and load",
                       "give it save(Bytes&) and load(ByteReader&), or run it without a record"};
    }
    return {};
}

template <AllocationPolicy P>
void Cycle<P>::load_policy(ByteReader& in) {
    rng_ = Rng{in.number()};
    ranked_totals_ = in.number();
    ranked_renumberings_ = in.number();
    rank_all_ = in.number_below(2) != 0;
    faulted_ = in.number_below(2) != 0;
    const std::size_t faults = in.count();
    for (std::size_t i = 0; i < faults && !in.has_failed(); ++i)
        pending_faults_.emplace_back(in.text());
    if constexpr (Traits::can_save) policy_.load(in);
    order_.reserve(tree_.places());
    order_is_lost_ = true;
}

}  // namespace offerkit
