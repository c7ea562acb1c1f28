// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/resources/impl/resources.ipp>
#include <offerkit/resources/kind_table.hpp>

#include <utility>

namespace offerkit {

OFFERKIT_INLINE std::optional<std::size_t> KindTable::find(std::string_view name) const {
    if (const auto slot = find_builtin(name)) return slot;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        if (kinds_[i].holds != 0 && kinds_[i].name == name) return builtin_scalar_count + i;
    }
    return std::nullopt;
}

OFFERKIT_INLINE std::string_view KindTable::name_of(std::size_t slot) const {
    OFFERKIT_ASSERT(slot < limits::slots);
    if (slot < builtin_scalar_count) return builtin_names[slot];
    return kinds_[slot - builtin_scalar_count].name;
}

/// The named kinds in either form, each once, sorted: a bundle may repeat what the pool has.
OFFERKIT_INLINE std::vector<std::string> KindTable::names_in(const Resources& resources) const {
    std::vector<std::string> names;
    const auto collect = [&](const Amounts& amounts, std::span<const NamedAmount> named) {
        for (const NamedAmount& amount : named)
            detail::add_items(names, {amount.name});
        for (std::size_t i = 0; i < kinds_.size(); ++i) {
            if (amounts[builtin_scalar_count + i] == 0) continue;
            OFFERKIT_ASSERT(kinds_[i].holds != 0);
            detail::add_items(names, {kinds_[i].name});
        }
    };
    collect(resources.amounts(), resources.named());
    for (const Bundle& bundle : resources.bundles()) {
        collect(bundle.amounts, bundle.particulars.named);
    }
    return names;
}

OFFERKIT_INLINE Result<void> KindTable::bind(Resources& resources) {
    const std::vector<std::string> names = names_in(resources);
    std::array<Kind, limits::slots - builtin_scalar_count> kinds = kinds_;
    for (const std::string& name : names) {
        Kind* chosen = nullptr;
        for (Kind& kind : kinds) {
            if (kind.holds != 0 && kind.name == name) chosen = &kind;
        }
        for (Kind& kind : kinds) {
            if (chosen == nullptr && kind.holds == 0) chosen = &kind;
        }
        if (chosen == nullptr) {
            std::string holders;
            for (const Kind& kind : kinds)
                holders += (holders.empty() ? "" : ", ") + kind.name;
            return Refusal{RefusalCode::too_large, "resources", "give kind " + name + " a slot",
                           "all " + std::to_string(kinds.size()) +
                               " slots for named kinds are in use: " + holders,
                           "stop using one of these kinds, or name fewer"};
        }
        chosen->name = name;
        ++chosen->holds;
    }
    kinds_ = std::move(kinds);
    move_all_into_slots(resources);
    return {};
}

OFFERKIT_INLINE bool KindTable::try_bind_known(Resources& resources) const {
    for (const std::string& name : names_in(resources)) {
        if (!find(name)) return false;
    }
    move_all_into_slots(resources);
    return true;
}

OFFERKIT_INLINE void KindTable::move_all_into_slots(Resources& resources) const {
    if (!resources.extras_.is_set()) return;
    Extras& extras = resources.extras_.value();
    move_into_slots(resources.amounts_, extras.particulars.named);
    for (Bundle& bundle : extras.bundles) {
        move_into_slots(bundle.amounts, bundle.particulars.named);
    }
    resources.drop_empty_extras();
}

OFFERKIT_INLINE void KindTable::move_into_slots(Amounts& amounts,
                                                std::vector<NamedAmount>& named) const {
    for (std::size_t slot = builtin_scalar_count; slot < limits::slots; ++slot) {
        OFFERKIT_ASSERT(amounts[slot] == 0);
    }
    for (const NamedAmount& amount : named) {
        const std::optional<std::size_t> slot = find(amount.name);
        OFFERKIT_ASSERT(slot.has_value());
        amounts.set(*slot, amount.units);
    }
    named.clear();
}

OFFERKIT_INLINE void KindTable::move_out_of_slots(Amounts& amounts,
                                                  std::vector<NamedAmount>& named) const {
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        const std::size_t slot = builtin_scalar_count + i;
        if (amounts[slot] == 0) continue;
        OFFERKIT_ASSERT(kinds_[i].holds != 0);
        detail::put(named, NamedAmount{kinds_[i].name, amounts[slot]}, true);
        amounts.set(slot, 0);
    }
}

OFFERKIT_INLINE void KindTable::unbind(Resources& resources) const {
    move_out_of_slots(resources.amounts_, resources.extras_.make().particulars.named);
    for (Bundle& bundle : resources.extras_.value().bundles) {
        move_out_of_slots(bundle.amounts, bundle.particulars.named);
    }
    resources.drop_empty_extras();
}

OFFERKIT_INLINE void KindTable::release(const Resources& resources) {
    for (const std::string& name : names_in(resources)) {
        const std::optional<std::size_t> slot = find(name);
        OFFERKIT_ASSERT(slot.has_value() && *slot >= builtin_scalar_count);
        Kind& kind = kinds_[*slot - builtin_scalar_count];
        if (--kind.holds == 0) kind.name.clear();
    }
}

OFFERKIT_INLINE std::vector<KindTable::Entry> KindTable::save() const {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        if (kinds_[i].holds == 0) continue;
        entries.push_back({static_cast<std::uint32_t>(builtin_scalar_count + i), kinds_[i].name,
                           kinds_[i].holds});
    }
    return entries;
}

OFFERKIT_INLINE Result<KindTable> KindTable::load(const std::vector<Entry>& entries) {
    KindTable table;
    for (const Entry& entry : entries) {
        const bool is_possible = entry.slot >= builtin_scalar_count && entry.slot < limits::slots &&
                                 entry.holds != 0 && is_kind_name(entry.name) &&
                                 !is_reserved_kind_name(entry.name) && !table.find(entry.name);
        Kind* const kind = is_possible ? &table.kinds_[entry.slot - builtin_scalar_count] : nullptr;
        if (kind == nullptr || kind->holds != 0) {
            return Refusal{RefusalCode::malformed, "kind table",
                           "load kind " + entry.name.substr(0, limits::kind_name_max),
                           "slot " + std::to_string(entry.slot) +
                               " is not free for it, or its name is not one",
                           "use a snapshot that was written whole"};
        }
        *kind = {entry.name, entry.holds};
    }
    return table;
}

}  // namespace offerkit
