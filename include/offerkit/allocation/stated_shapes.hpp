// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the tasks of each claimant look like: for policies that have to know. The first shape of a
/// stated demand stands for all; a demand of nothing keeps the last shape, which is what still
/// runs.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/amounts.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace offerkit {

inline void save_amounts(const Amounts& amounts, Bytes& out) {
    for (const std::int64_t units : amounts.slots())
        put_number(static_cast<std::uint64_t>(units), out);
}

[[nodiscard]] inline Amounts load_amounts(ByteReader& in) {
    Amounts amounts;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        constexpr auto most = static_cast<std::uint64_t>(limits::amount_per_cluster_max);
        amounts.set(slot, static_cast<std::int64_t>(in.number_below(most + 1)));
    }
    return amounts;
}

class StatedShapes {
public:
    /// Returns whether the shape has changed.
    bool put(const allocator_event::DemandPut& e) {
        if (e.shapes.empty() && e.stated) return false;
        const Amounts shape =
            e.shapes.empty() ? Amounts{} : e.shapes.front().resources.total_amounts();
        if (shape == find(e.claimant)) return false;
        if (shapes_.size() <= e.claimant.value) shapes_.resize(e.claimant.value + 1);
        shapes_[e.claimant.value] = shape;
        return true;
    }
    void erase(ClaimantIndex claimant) {
        if (claimant.value < shapes_.size()) shapes_[claimant.value] = Amounts{};
    }

    /// Zero: not stated.
    [[nodiscard]] Amounts find(ClaimantIndex claimant) const {
        return claimant.value < shapes_.size() ? shapes_[claimant.value] : Amounts{};
    }

    void save(Bytes& out) const {
        put_number(shapes_.size(), out);
        for (const Amounts& shape : shapes_)
            save_amounts(shape, out);
    }
    void load(ByteReader& in) {
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i)
            shapes_.push_back(load_amounts(in));
    }

private:
    std::vector<Amounts> shapes_;  // By claimant.
};

}  // namespace offerkit
