// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/core/overloaded.hpp>
#include <offerkit/framework/constraints.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace offerkit::framework {

namespace detail {

/// What an agent says of one attribute. A name may come several times, and a set has many items.
class AttributeValues {
public:
    AttributeValues(const Offer& offer, const std::string& name) {
        if (name == "@hostname") add(offer.hostname);
        if (name == "@region" && !offer.domain.region.empty()) add(offer.domain.region);
        if (name == "@zone" && !offer.domain.zone.empty()) add(offer.domain.zone);
        for (const Attribute& attribute : offer.attributes) {
            if (attribute.name != name) continue;
            std::visit(Overloaded{[&](const std::string& text) { add(text); },
                                  [&](std::int64_t scalar) { add(format_amount(scalar)); },
                                  [&](const Ranges& ranges) {
                                      ranges_.push_back(&ranges);
                                      whole_.push_back(format_ranges(ranges));
                                  },
                                  [&](const std::vector<std::string>& items) {
                                      texts_.insert(texts_.end(), items.begin(), items.end());
                                      std::string all;
                                      for (const std::string& item : items)
                                          all += (all.empty() ? "{" : ",") + item;
                                      whole_.push_back(all + "}");
                                  }},
                       attribute.value);
        }
    }

    [[nodiscard]] bool is_there() const { return !whole_.empty(); }

    [[nodiscard]] bool has(const std::string& value) const {
        if (std::ranges::find(texts_, value) != texts_.end()) return true;
        std::uint64_t number = 0;
        const char* const end = value.data() + value.size();
        const auto read = std::from_chars(value.data(), end, number);
        if (read.ec != std::errc{} || read.ptr != end) return false;
        return std::ranges::any_of(ranges_, [&](const Ranges* r) { return r->contains(number); });
    }

    [[nodiscard]] bool matches(const Pattern& pattern) const {
        const auto match = [&](const std::string& text) { return pattern.matches(text); };
        return std::ranges::any_of(texts_, match) || std::ranges::any_of(whole_, match);
    }

    /// All of it as one text, which is what `AtMost` and `Spread` count by.
    [[nodiscard]] std::string whole() const {
        std::string all;
        for (const std::string& each : whole_)
            all += (all.empty() ? "" : ";") + each;
        return all;
    }

private:
    void add(const std::string& text) {
        texts_.push_back(text);
        whole_.push_back(text);
    }

    std::vector<std::string> texts_;
    std::vector<std::string> whole_;
    std::vector<const Ranges*> ranges_;
};

inline std::string differs(const std::string& attribute, const AttributeValues& values,
                           const std::string& want) {
    return attribute + (values.is_there() ? " is " + values.whole() : " is not set") + ", want " +
           want;
}

inline std::uint32_t count_at(const std::map<std::string, std::uint32_t>& counts,
                              const std::string& value) {
    const auto found = counts.find(value);
    return found == counts.end() ? 0 : found->second;
}

/// The attribute by whose values a constraint counts; none if it does not count.
inline const std::string* counts_by(const Constraint& constraint) {
    if (const auto* at_most = std::get_if<constraint::AtMost>(&constraint)) {
        return &at_most->attribute;
    }
    const auto* spread = std::get_if<constraint::Spread>(&constraint);
    return spread == nullptr ? nullptr : &spread->attribute;
}

using Objection = std::optional<std::string>;
using ValueCounts = std::map<std::string, std::uint32_t>;

inline Objection object(const constraint::Equals& c, const Offer& offer, const ValueCounts&) {
    const AttributeValues values{offer, c.attribute};
    if (values.has(c.value)) return std::nullopt;
    return differs(c.attribute, values, c.value);
}

inline Objection object(const constraint::In& c, const Offer& offer, const ValueCounts&) {
    const AttributeValues values{offer, c.attribute};
    std::string all;
    for (const std::string& value : c.values) {
        if (values.has(value)) return std::nullopt;
        all += (all.empty() ? "one of " : ", ") + value;
    }
    return differs(c.attribute, values, all.empty() ? "one of none" : all);
}

inline Objection object(const constraint::Exists& c, const Offer& offer, const ValueCounts&) {
    if (AttributeValues{offer, c.attribute}.is_there()) return std::nullopt;
    return c.attribute + " is not set";
}

inline Objection object(const constraint::Absent& c, const Offer& offer, const ValueCounts&) {
    const AttributeValues values{offer, c.attribute};
    if (!values.is_there()) return std::nullopt;
    return differs(c.attribute, values, "none");
}

inline Objection object(const constraint::Matches& c, const Offer& offer, const ValueCounts&) {
    const AttributeValues values{offer, c.attribute};
    if (values.matches(c.pattern)) return std::nullopt;
    return differs(c.attribute, values, "a match of " + c.pattern.text());
}

inline Objection object(const constraint::Holds& c, const Offer& offer, const ValueCounts&) {
    if (c.holds(offer)) return std::nullopt;
    return "the agent does not satisfy: " + c.what;
}

inline Objection object(const constraint::AtMost& c, const Offer& offer,
                        const ValueCounts& counts) {
    const AttributeValues values{offer, c.attribute};
    if (!values.is_there()) return c.attribute + " is not set";
    const std::uint32_t here = count_at(counts, values.whole());
    if (here < c.count) return std::nullopt;
    return c.attribute + " " + values.whole() + " has " + std::to_string(here) + ", at most " +
           std::to_string(c.count);
}

inline Objection object(const constraint::Spread& c, const Offer& offer,
                        const ValueCounts& counts) {
    const AttributeValues values{offer, c.attribute};
    if (!values.is_there()) return c.attribute + " is not set";
    const std::string value = values.whole();
    const std::uint32_t here = count_at(counts, value);
    const std::size_t known = counts.size() + (counts.contains(value) ? 0 : 1);
    std::uint32_t least = known < c.values_min ? 0 : here;
    for (const auto& [other, count] : counts)
        least = std::min(least, count);
    if (here - least < c.difference) return std::nullopt;
    return c.attribute + " " + value + " has " + std::to_string(here) + ", the least has " +
           std::to_string(least);
}

}  // namespace detail

OFFERKIT_INLINE Constraints::Constraints(std::vector<Constraint> all)
    : all_(std::move(all)), counts_(all_.size()) {}

OFFERKIT_INLINE std::optional<std::string> Constraints::find_objection(const Offer& offer) const {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        auto objection = std::visit(
            [&](const auto& each) { return detail::object(each, offer, counts_[i]); }, all_[i]);
        if (objection) return objection;
    }
    return std::nullopt;
}

OFFERKIT_INLINE std::vector<std::string> Constraints::values_at(const Offer& offer) const {
    std::vector<std::string> values(all_.size());
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const std::string* const attribute = detail::counts_by(all_[i]);
        if (attribute != nullptr) values[i] = detail::AttributeValues{offer, *attribute}.whole();
    }
    return values;
}

OFFERKIT_INLINE void Constraints::see(const Offer& offer) {
    const std::vector<std::string> values = values_at(offer);
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (!values[i].empty()) counts_[i].try_emplace(values[i], 0);
    }
}

OFFERKIT_INLINE void Constraints::place(const TaskId& task, const Offer& offer) {
    remove(task);
    std::vector<std::string> values = values_at(offer);
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (!values[i].empty()) ++counts_[i][values[i]];
    }
    placed_.emplace(task, std::move(values));
}

OFFERKIT_INLINE void Constraints::remove(const TaskId& task) {
    const auto found = placed_.find(task);
    if (found == placed_.end()) return;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (!found->second[i].empty()) --counts_[i][found->second[i]];
    }
    placed_.erase(found);
}

OFFERKIT_INLINE void Constraints::save(Bytes& out) const {
    put_number(all_.size(), out);
    for (const Counts& counts : counts_) {
        put_number(counts.size(), out);
        for (const auto& [value, count] : counts)
            put_text(value, out);
    }
    put_number(placed_.size(), out);
    for (const auto& [task, values] : placed_) {
        put_text(task.text(), out);
        for (const std::string& value : values)
            put_text(value, out);
    }
}

OFFERKIT_INLINE void Constraints::load(ByteReader& in) {
    Constraints read{std::move(all_)};
    if (in.number() != read.all_.size()) in.fail("the constraints are others than those saved");
    for (std::size_t i = 0; i < read.all_.size() && !in.has_failed(); ++i) {
        for (std::size_t left = in.count(); left > 0; --left)
            read.counts_[i].try_emplace(std::string{in.text()}, 0);
    }
    for (std::size_t left = in.count(); left > 0 && !in.has_failed(); --left) {
        const TaskId task{in.text()};
        std::vector<std::string> values(read.all_.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = in.text();
            if (!values[i].empty()) ++read.counts_[i][values[i]];
        }
        if (!read.placed_.emplace(task, std::move(values)).second) in.fail("a task stands twice");
    }
    if (in.has_failed()) read = Constraints{std::move(read.all_)};
    *this = std::move(read);
}

}  // namespace offerkit::framework
