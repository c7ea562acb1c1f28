// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Slots for kinds that only have a name. One table per machine or World; it is a part of that
/// machine's state. Slots are given in the order in which holders come, are freed with the last
/// holder, and mean nothing to anybody else.

#include <offerkit/core/config.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/resources/resources.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

class KindTable {
public:
    /// What a table remembers of one kind, as plain data for snapshots.
    struct Entry {
        std::uint32_t slot = 0;
        std::string name;
        std::uint64_t holds = 0;
        friend bool operator==(const Entry&, const Entry&) = default;
    };

    /// Turns portable resources into local ones: named amounts, in bundles too, move into slots,
    /// and each kind among them is held once more. Pre: `resources` are portable. Refuses:
    /// `too_large` if the slots do not suffice, naming the kinds that have them; nothing is changed
    /// then.
    [[nodiscard]] Result<void> bind(Resources& resources);

    /// As `bind`, but without holds: for resources that live no longer than somebody else's hold.
    /// Kinds that have no slot here make it return false and change nothing: nobody who is bound
    /// has any of them.
    [[nodiscard]] bool try_bind_known(Resources& resources) const;

    /// Turns local resources into portable ones. Holds stay as they are.
    void unbind(Resources& resources) const;

    /// Gives back the holds that `bind` took for these very resources, in either form.
    /// Pre: they are held.
    void release(const Resources& resources);

    /// The slot of a kind, built-in ones included.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

    /// The name of a slot, built-in ones included; empty if the slot is free.
    [[nodiscard]] std::string_view name_of(std::size_t slot) const;

    /// Kinds in use beside the built-in ones, by slot.
    [[nodiscard]] std::vector<Entry> save() const;
    /// Refuses: `malformed` for entries that `save` cannot have made.
    [[nodiscard]] static Result<KindTable> load(const std::vector<Entry>& entries);

    friend bool operator==(const KindTable&, const KindTable&) = default;

private:
    struct Kind {
        std::string name;
        std::uint64_t holds = 0;  // Zero: the slot is free, and the name empty.
        friend bool operator==(const Kind&, const Kind&) = default;
    };

    [[nodiscard]] std::vector<std::string> names_in(const Resources& resources) const;
    void move_into_slots(Amounts& amounts, std::vector<NamedAmount>& named) const;
    void move_out_of_slots(Amounts& amounts, std::vector<NamedAmount>& named) const;
    void move_all_into_slots(Resources& resources) const;

    std::array<Kind, limits::slots - builtin_scalar_count> kinds_;
};

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/resources/impl/kind_table.ipp>
#endif
