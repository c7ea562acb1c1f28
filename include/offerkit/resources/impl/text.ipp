// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/resources/builder.hpp>
#include <offerkit/resources/decimal.hpp>
#include <offerkit/resources/impl/builder.ipp>
#include <offerkit/resources/impl/ranges.ipp>
#include <offerkit/resources/text.hpp>

#include <utility>
#include <vector>

namespace offerkit {

namespace detail {

inline Refusal refuse_text(RefusalCode code, std::string_view what, std::string why,
                           std::string todo) {
    return {code, "resources", "read '" + std::string(what.substr(0, 64)) + "'", std::move(why),
            std::move(todo)};
}

/// Splits "a, b" at commas; blanks around each item are dropped, nothing else is.
inline std::vector<std::string_view> split_items(std::string_view text) {
    std::vector<std::string_view> items;
    if (trim_blanks(text).empty()) return items;
    for (;;) {
        const std::size_t comma = text.find(',');
        items.push_back(trim_blanks(text.substr(0, comma)));
        if (comma == text.npos) return items;
        text.remove_prefix(comma + 1);
    }
}

inline Result<void> parse_set_part(ResourcesBuilder& builder, std::string_view name,
                                   std::string_view value) {
    if (value.back() != '}') {
        return refuse_text(RefusalCode::malformed, value, "no } at its end",
                           "write a set as {a,b}");
    }
    std::vector<std::string> items;
    for (const std::string_view item : split_items(value.substr(1, value.size() - 2))) {
        items.emplace_back(item);
    }
    return builder.set(name, std::move(items));
}

/// "(1,0.5)" or "(1,0.5)+2".
inline Result<void> parse_cards_part(ResourcesBuilder& builder, std::string_view name,
                                     std::string_view value, std::int64_t units_max) {
    const std::size_t close = value.find(')');
    if (name != Gpus::name || close == value.npos) {
        return refuse_text(RefusalCode::malformed, value,
                           "only gpus are given per card, in ( and )", "write gpus:(1,0.5)");
    }
    std::vector<std::int64_t> cards;
    for (const std::string_view item : split_items(value.substr(1, close - 1))) {
        const Result<std::int64_t> card = parse_amount(item, units_max);
        if (!card) return card.error();
        cards.push_back(*card);
    }
    std::string_view rest = value.substr(close + 1);
    std::int64_t on_no_card = 0;
    if (!rest.empty()) {
        if (rest.front() != '+') {
            return refuse_text(RefusalCode::malformed, value, "only +AMOUNT may follow the )",
                               "write gpus:(1,0.5)+2");
        }
        const Result<std::int64_t> amount = parse_amount(rest.substr(1), units_max);
        if (!amount) return amount.error();
        on_no_card = *amount;
    }
    return builder.gpu_cards(std::move(cards), on_no_card);
}

/// One "name:value".
inline Result<void> parse_part(ResourcesBuilder& builder, std::string_view part,
                               std::int64_t units_max) {
    const std::size_t colon = part.find(':');
    if (colon == part.npos || colon + 1 == part.size()) {
        return refuse_text(RefusalCode::malformed, part, "not of the form KIND:VALUE",
                           "write parts as cpus:1.5;mem:512;ports:[31000-32000]");
    }
    const std::string_view name = part.substr(0, colon);
    const std::string_view value = part.substr(colon + 1);
    if (value.front() == '[') {
        Result<Ranges> ranges = Ranges::parse(value);
        if (!ranges) return std::move(ranges).error();
        return builder.ranges(name, *std::move(ranges));
    }
    if (value.front() == '{') return parse_set_part(builder, name, value);
    if (value.front() == '(') return parse_cards_part(builder, name, value, units_max);
    const Result<std::int64_t> amount = parse_amount(value, units_max);
    if (!amount) return amount.error();
    return builder.amount(name, *amount);
}

inline std::string format_gpus(const Resources& resources, std::int64_t units) {
    const std::span<const std::int64_t> cards = resources.gpu_cards();
    if (cards.empty()) return format_units(units);
    std::string text = "(";
    for (const std::int64_t card : cards) {
        if (text.size() > 1) text += ',';
        text += format_units(card);
        units -= card;
    }
    text += ')';
    if (units != 0) text += '+' + format_units(units);
    return text;
}

inline void append_part(std::string& text, std::string_view name, std::string_view value) {
    if (!text.empty()) text += ';';
    text += name;
    text += ':';
    text += value;
}

inline std::string format_items(std::span<const std::string> items) {
    std::string text = "{";
    for (const std::string& item : items) {
        if (text.size() > 1) text += ',';
        text += item;
    }
    text += '}';
    return text;
}

inline std::string format_bundle(const Bundle& bundle) {
    std::string text = format_id(bundle.id);
    text += '(';
    text += bundle.role();
    if (bundle.revocable) text += ",revocable";
    if (bundle.shared) text += ",shared*" + std::to_string(bundle.copies);
    if (bundle.volume) text += ",volume " + bundle.volume->persistence_id;
    text += "){";
    text += format_resources(Resources::content_of(bundle));
    text += '}';
    return text;
}

}  // namespace detail

OFFERKIT_INLINE Result<Resources> parse_resources(std::string_view text, std::int64_t units_max) {
    if (text.size() > limits::resources_text_max) {
        return detail::refuse_text(
            RefusalCode::too_large, text,
            "longer than " + std::to_string(limits::resources_text_max) + " bytes",
            "give fewer ranges or items");
    }
    ResourcesBuilder builder{units_max};
    if (detail::trim_blanks(text).empty()) return std::move(builder).take();
    for (;;) {
        const std::size_t end = text.find(';');
        const std::string_view part = detail::trim_blanks(text.substr(0, end));
        Result<void> taken = detail::parse_part(builder, part, units_max);
        if (!taken) return std::move(taken).error();
        if (end == text.npos) return std::move(builder).take();
        text.remove_prefix(end + 1);
    }
}

OFFERKIT_INLINE std::string format_resources(const Resources& resources) {
    std::string text;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const std::int64_t units = resources.amounts()[slot];
        if (units == 0) continue;
        OFFERKIT_ASSERT(slot < builtin_scalar_count);
        const std::string value = slot == detail::gpus_slot ? detail::format_gpus(resources, units)
                                                            : detail::format_units(units);
        detail::append_part(text, builtin_names[slot], value);
    }
    for (const NamedAmount& amount : resources.named()) {
        detail::append_part(text, amount.name, detail::format_units(amount.units));
    }
    for (const NamedRanges& ranges : resources.all_ranges()) {
        detail::append_part(text, ranges.name, format_ranges(ranges.ranges));
    }
    for (const NamedSet& set : resources.all_sets()) {
        detail::append_part(text, set.name, detail::format_items(set.items));
    }
    for (const Bundle& bundle : resources.bundles()) {
        if (!text.empty()) text += ';';
        text += detail::format_bundle(bundle);
    }
    return text;
}

OFFERKIT_INLINE Result<std::int64_t> parse_amount(std::string_view text, std::int64_t units_max) {
    const detail::Decimal read = detail::parse_decimal(text, units_max);
    switch (read.error) {
        case detail::DecimalError::none:
            return read.units;
        case detail::DecimalError::malformed:
            return detail::refuse_text(RefusalCode::malformed, text,
                                       "not a plain decimal number of 0 or more",
                                       "write it as 2 or 1.5");
        case detail::DecimalError::too_precise:
            return detail::refuse_text(RefusalCode::malformed, text,
                                       "more than three decimals cannot be kept exactly",
                                       "give at most three decimals");
        case detail::DecimalError::too_large:
            return detail::refuse_text(
                RefusalCode::too_large, text,
                "more than the most allowed, " + detail::format_units(units_max), "give less");
    }
    OFFERKIT_ASSERT(false);
    return {0};
}

OFFERKIT_INLINE std::string format_amount(std::int64_t thousandths) {
    return detail::format_units(thousandths);
}

}  // namespace offerkit
