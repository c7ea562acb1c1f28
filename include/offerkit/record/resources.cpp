// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/resources.hpp>

#include <offerkit/record/fields.hpp>
#include <offerkit/resources/builder.hpp>

#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace offerkit::record {
namespace {

// Halves are merged rather than ranges added one by one: linear instead of square for long sets.
Ranges merge(std::span<const Range> ranges) {
    if (ranges.empty()) return {};
    if (ranges.size() == 1) return Ranges{ranges.front()};
    const std::size_t half = ranges.size() / 2;
    Ranges merged = merge(ranges.first(half));
    merged.add(merge(ranges.subspan(half)));
    return merged;
}

// Rebuilds resources through the door that checks them. Empty if anything was refused.
std::optional<Resources> build(const Amounts& amounts, const Extras& extras) {
    constexpr std::size_t gpus_slot = *slot_of<Gpus>;
    ResourcesBuilder builder{limits::amount_per_cluster_max};
    const Particulars& rest = extras.particulars;
    std::int64_t on_no_card = amounts[gpus_slot];
    for (const std::int64_t card : rest.gpu_cards) {
        if (card < 0 || card > on_no_card) return std::nullopt;
        on_no_card -= card;
    }
    if (amounts[gpus_slot] != 0 && !builder.gpu_cards(rest.gpu_cards, on_no_card)) {
        return std::nullopt;
    }
    for (const NamedAmount& named : rest.named) {
        if (!builder.amount(named.name, named.units)) return std::nullopt;
    }
    for (const NamedRanges& named : rest.ranges) {
        if (!builder.ranges(named.name, named.ranges)) return std::nullopt;
    }
    for (const NamedSet& named : rest.sets) {
        if (!builder.set(named.name, named.items)) return std::nullopt;
    }
    for (const Bundle& bundle : extras.bundles) {
        if (!builder.bundle(bundle)) return std::nullopt;
    }
    Resources built = std::move(builder).take();
    built.amounts() = amounts;
    return built;
}

}  // namespace

void put_amounts(const Amounts& amounts, ByteWriter& out) {
    std::uint64_t in_use = 0;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if (amounts[slot] != 0) in_use |= std::uint64_t{1} << slot;
    }
    out.number(in_use);
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if (amounts[slot] != 0) out.number(static_cast<std::uint64_t>(amounts[slot]));
    }
}

void take_amounts(ByteReader& in, Amounts& amounts) {
    amounts = Amounts{};
    const std::uint64_t in_use = in.number_below(std::uint64_t{1} << limits::slots);
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if ((in_use >> slot & 1) == 0) continue;
        constexpr auto bound = static_cast<std::uint64_t>(limits::amount_per_cluster_max) + 1;
        const std::uint64_t units = in.number_below(bound);
        if (units == 0) in.fail("a slot in use holds nothing");
        amounts.set(slot, static_cast<std::int64_t>(units));
    }
}

void put_ranges(const Ranges& ranges, ByteWriter& out) {
    out.number(ranges.spans().size());
    for (const Range& range : ranges.spans()) {
        out.number(range.first);
        out.number(range.last);
    }
}

void take_ranges(ByteReader& in, Ranges& ranges) {
    std::vector<Range> read;
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
        Range range;
        range.first = in.number();
        range.last = in.number();
        // A gap before each: touching ranges would give one set two encodings.
        if (range.first > range.last || (!read.empty() && (range.first <= read.back().last ||
                                                           range.first - read.back().last == 1))) {
            in.fail("ranges are not ascending and apart");
        }
        read.push_back(range);
    }
    ranges = in.has_failed() ? Ranges{} : merge(read);
}

void put_resources(const Resources& resources, ByteWriter& out) {
    put_amounts(resources.amounts(), out);
    const Extras* const extras = resources.extras();
    record::put(extras != nullptr, out);
    if (extras != nullptr) record::put(*extras, out);
}

void take_resources(ByteReader& in, Resources& resources) {
    Amounts amounts;
    take_amounts(in, amounts);
    resources = Resources{amounts};
    if (in.number_below(2) == 0) return;
    Extras extras;
    take(in, extras);
    if (in.has_failed()) return;
    std::optional<Resources> built = build(amounts, extras);
    if (!built || built->extras() == nullptr || *built->extras() != extras) {
        in.fail("resources are out of order or out of bounds");
        return;
    }
    resources = std::move(*built);
}

}  // namespace offerkit::record
