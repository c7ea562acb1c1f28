// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/resources/builder.hpp>
#include <offerkit/resources/impl/extras.ipp>

#include <cstddef>
#include <span>
#include <utility>

namespace offerkit {

namespace detail {

inline Refusal refuse_part(RefusalCode code, std::string_view what, std::string why,
                           std::string todo) {
    return {code, "resources", "take " + std::string(what.substr(0, 64)), std::move(why),
            std::move(todo)};
}

/// Decimal thousandths, without the zeros that say nothing.
inline std::string format_units(std::int64_t units) {
    const auto magnitude =
        units < 0 ? 0 - static_cast<std::uint64_t>(units) : static_cast<std::uint64_t>(units);
    std::string text = (units < 0 ? "-" : "") + std::to_string(magnitude / 1000);
    std::uint64_t fraction = magnitude % 1000;
    if (fraction == 0) return text;
    text += '.';
    for (std::uint64_t digit = 100; fraction != 0; digit /= 10) {
        text += static_cast<char>('0' + fraction / digit);
        fraction %= digit;
    }
    return text;
}

/// Graphic ASCII and everything beyond it, without what separates items in text.
inline bool is_set_item(std::string_view item) {
    if (item.empty() || item.size() > limits::set_item_bytes_max) return false;
    for (const char c : item) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte == 0x7f || c == ',' || c == ';' || c == '{' || c == '}') {
            return false;
        }
    }
    return true;
}

/// The first item that comes twice; empty if none does.
inline std::string_view find_repeated(const std::vector<std::string>& items) {
    std::vector<std::string> seen;
    for (const std::string& item : items) {
        if (contains_item(seen, item)) return item;
        add_items(seen, {item});
    }
    return {};
}

inline Result<void> check_set_items(std::string_view name, const std::vector<std::string>& items) {
    if (items.size() > limits::set_items_max) {
        return refuse_part(RefusalCode::too_large, name,
                           std::to_string(items.size()) + " items, the most is " +
                               std::to_string(limits::set_items_max),
                           "give fewer items");
    }
    for (const std::string& item : items) {
        if (is_set_item(item)) continue;
        return refuse_part(RefusalCode::malformed, name,
                           "the item '" + item.substr(0, 64) + "' is empty, longer than " +
                               std::to_string(limits::set_item_bytes_max) +
                               " bytes, or has a blank or one of , ; { }",
                           "change the item");
    }
    if (const std::string_view item = find_repeated(items); !item.empty()) {
        return refuse_part(RefusalCode::invalid, name,
                           "the item '" + std::string(item) + "' comes twice", "remove one");
    }
    return {};
}

inline Result<void> check_text(std::string_view what, std::string_view field, std::string_view text,
                               std::size_t size_max, bool may_be_empty) {
    if (text.empty() && !may_be_empty) {
        return refuse_part(RefusalCode::malformed, what, std::string(field) + " is empty",
                           "give it a value");
    }
    if (text.size() > size_max) {
        return refuse_part(
            RefusalCode::too_large, what,
            std::string(field) + " is longer than " + std::to_string(size_max) + " bytes",
            "shorten it");
    }
    return {};
}

inline Result<void> check_reservations(std::string_view what, const Bundle& bundle) {
    if (bundle.reservations.size() > limits::role_depth_max) {
        return refuse_part(RefusalCode::too_large, what,
                           "more than " + std::to_string(limits::role_depth_max) +
                               " reservations on top of each other",
                           "reserve for a role further up");
    }
    std::string_view above;
    for (const Reservation& reservation : bundle.reservations) {
        const std::string_view role = reservation.role;
        if (auto checked = check_text(what, "the role", role, limits::role_path_max, false);
            !checked) {
            return checked;
        }
        if (auto checked = check_text(what, "the principal", reservation.principal,
                                      limits::principal_max, true);
            !checked) {
            return checked;
        }
        if (reservation.labels.size() > limits::labels_max) {
            return refuse_part(RefusalCode::too_large, what,
                               "more than " + std::to_string(limits::labels_max) + " labels",
                               "give fewer labels");
        }
        for (const Label& label : reservation.labels) {
            if (label.key.size() + label.value.size() <= limits::label_bytes_max) continue;
            return refuse_part(
                RefusalCode::too_large, what,
                "a label is longer than " + std::to_string(limits::label_bytes_max) + " bytes",
                "shorten it");
        }
        const bool is_below =
            above.empty() || (role.size() > above.size() + 1 &&
                              role.substr(0, above.size()) == above && role[above.size()] == '/');
        if (!is_below) {
            return refuse_part(RefusalCode::invalid, what,
                               "role " + std::string(role) + " is not below role " +
                                   std::string(above) + ", for which it is reserved already",
                               "refine a reservation for a sub-role only");
        }
        above = role;
    }
    return {};
}

inline Result<void> check_volume(std::string_view what, const Volume& volume) {
    if (auto checked =
            check_text(what, "the persistence id", volume.persistence_id, limits::name_max, false);
        !checked) {
        return checked;
    }
    return check_text(what, "the container path", volume.container_path, limits::name_max, false);
}

inline Result<void> check_bundle(const Bundle& bundle, std::int64_t units_max) {
    const std::string what = "bundle " + format_id(bundle.id);
    if (bundle.copies < 1 || (bundle.copies > 1 && !bundle.shared)) {
        return refuse_part(RefusalCode::invalid, what, "only a shared bundle has copies",
                           "send one copy, or mark it shared");
    }
    if (bundle.copies > limits::amount_per_agent_max) {
        return refuse_part(RefusalCode::too_large, what, "too many copies", "send fewer");
    }
    if (auto checked = check_reservations(what, bundle); !checked) return checked;
    if (bundle.volume) {
        if (auto checked = check_volume(what, *bundle.volume); !checked) return checked;
    }
    return validate_resources(Resources::content_of(bundle), units_max);
}

}  // namespace detail

OFFERKIT_INLINE Result<void> ResourcesBuilder::check_units(std::string_view name,
                                                           std::int64_t units) const {
    if (units < 0) {
        return detail::refuse_part(RefusalCode::invalid, name, "the amount is negative",
                                   "give 0 or more");
    }
    if (units > units_max_) {
        return detail::refuse_part(RefusalCode::too_large, name,
                                   detail::format_units(units) +
                                       " is more than the most allowed, " +
                                       detail::format_units(units_max_),
                                   "give less");
    }
    return {};
}

OFFERKIT_INLINE Result<void> ResourcesBuilder::check_name(std::string_view name) {
    if (!is_kind_name(name)) {
        return detail::refuse_part(
            RefusalCode::malformed, name,
            "a kind's name is a letter followed by letters, digits and _ - . /, at most " +
                std::to_string(limits::kind_name_max) + " bytes",
            "change the name");
    }
    for (const std::string& known : names_) {
        if (known != name) continue;
        return detail::refuse_part(RefusalCode::invalid, name, "the kind is given twice",
                                   "give it once, with the sum");
    }
    if (names_.size() == limits::named_kinds_max) {
        return detail::refuse_part(
            RefusalCode::too_large, name,
            "more than " + std::to_string(limits::named_kinds_max) + " kinds", "give fewer kinds");
    }
    return {};
}

OFFERKIT_INLINE Result<void> ResourcesBuilder::amount(std::string_view name, std::int64_t units) {
    if (const auto checked = check_name(name); !checked) return checked;
    if (name == Ports::name) {
        return detail::refuse_part(RefusalCode::invalid, name, "ports are ranges, not an amount",
                                   "write ports:[31000-32000]");
    }
    if (const auto checked = check_units(name, units); !checked) return checked;
    names_.emplace_back(name);
    if (const auto slot = find_builtin(name)) {
        resources_.amounts().set(*slot, units);
    } else {
        resources_.put_named(name, units);
    }
    return {};
}

OFFERKIT_INLINE Result<void> ResourcesBuilder::ranges(std::string_view name, Ranges ranges) {
    if (const auto checked = check_name(name); !checked) return checked;
    if (find_builtin(name)) {
        return detail::refuse_part(RefusalCode::invalid, name, "it is an amount, not ranges",
                                   "write a number");
    }
    if (ranges.spans().size() > limits::ranges_per_kind_max) {
        return detail::refuse_part(
            RefusalCode::too_large, name,
            "more than " + std::to_string(limits::ranges_per_kind_max) + " ranges",
            "give fewer ranges");
    }
    names_.emplace_back(name);
    resources_.put_ranges(name, std::move(ranges));
    return {};
}

OFFERKIT_INLINE Result<void> ResourcesBuilder::set(std::string_view name,
                                                   std::vector<std::string> items) {
    if (const auto checked = check_name(name); !checked) return checked;
    if (is_reserved_kind_name(name)) {
        return detail::refuse_part(RefusalCode::invalid, name, "it is not a set",
                                   "write a number, or ranges for ports");
    }
    if (const auto checked = detail::check_set_items(name, items); !checked) return checked;
    names_.emplace_back(name);
    resources_.put_set(name, std::move(items));
    return {};
}

OFFERKIT_INLINE Result<void> ResourcesBuilder::gpu_cards(std::vector<std::int64_t> cards,
                                                         std::int64_t on_no_card) {
    if (const auto checked = check_name(Gpus::name); !checked) return checked;
    if (cards.size() > limits::gpu_cards_max) {
        return detail::refuse_part(RefusalCode::too_large, Gpus::name,
                                   "more than " + std::to_string(limits::gpu_cards_max) + " cards",
                                   "give fewer cards");
    }
    for (const std::int64_t card : cards) {
        if (card >= 0 && card <= detail::gpu_card_units) continue;
        return detail::refuse_part(RefusalCode::invalid, Gpus::name,
                                   detail::format_units(card) + " is not between 0 and 1 card",
                                   "give each card's part of itself");
    }
    if (const auto checked = check_units(Gpus::name, on_no_card); !checked) return checked;
    const std::int64_t sum = detail::sum_of(cards) + on_no_card;
    if (const auto checked = check_units(Gpus::name, sum); !checked) return checked;
    names_.emplace_back(Gpus::name);
    resources_.put_gpu_cards(std::move(cards));
    resources_.amounts().set(detail::gpus_slot, sum);
    return {};
}

OFFERKIT_INLINE Result<void> ResourcesBuilder::bundle(Bundle bundle) {
    const std::string what = "bundle " + format_id(bundle.id);
    if (bundle.id.is_none()) {
        return detail::refuse_part(RefusalCode::malformed, "bundle", "it has no id",
                                   "send the id that the master gave it");
    }
    if (resources_.find_bundle(bundle.id) != nullptr) {
        return detail::refuse_part(RefusalCode::invalid, what, "the bundle is given twice",
                                   "give it once");
    }
    if (resources_.bundles().size() == limits::bundles_per_agent_max) {
        return detail::refuse_part(
            RefusalCode::too_large, what,
            "more than " + std::to_string(limits::bundles_per_agent_max) + " bundles",
            "give fewer bundles");
    }
    if (const auto checked = detail::check_bundle(bundle, units_max_); !checked) return checked;
    resources_.put_bundle(std::move(bundle));
    return {};
}

OFFERKIT_INLINE Result<void> validate_resources(const Resources& resources,
                                                std::int64_t units_max) {
    ResourcesBuilder builder{units_max};
    const std::span<const std::int64_t, limits::slots> slots = resources.amounts().slots();
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const bool is_builtin = slot < builtin_scalar_count;
        if (!is_builtin && slots[slot] != 0) {
            return detail::refuse_part(RefusalCode::invalid, "slot " + std::to_string(slot),
                                       "it has no name outside one machine",
                                       "send the amount by its kind's name");
        }
        if (!is_builtin || slot == detail::gpus_slot) continue;
        if (auto checked = builder.amount(builtin_names[slot], slots[slot]); !checked) {
            return checked;
        }
    }
    const std::span<const std::int64_t> cards = resources.gpu_cards();
    std::vector<std::int64_t> on_cards(cards.begin(), cards.end());
    const std::int64_t on_no_card = slots[detail::gpus_slot] - detail::sum_of(on_cards);
    if (auto checked = builder.gpu_cards(std::move(on_cards), on_no_card); !checked) {
        return checked;
    }
    for (const NamedAmount& amount : resources.named()) {
        if (auto checked = builder.amount(amount.name, amount.units); !checked) return checked;
    }
    for (const NamedRanges& ranges : resources.all_ranges()) {
        if (auto checked = builder.ranges(ranges.name, ranges.ranges); !checked) return checked;
    }
    for (const NamedSet& set : resources.all_sets()) {
        if (auto checked = builder.set(set.name, set.items); !checked) return checked;
    }
    for (const Bundle& bundle : resources.bundles()) {
        if (auto checked = builder.bundle(bundle); !checked) return checked;
    }
    return {};
}

}  // namespace offerkit
