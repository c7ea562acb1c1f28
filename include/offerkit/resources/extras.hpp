// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What resources have beside their sixteen slots, rarely: amounts of kinds that are only named,
/// ranges, sets, single gpu cards, and bundles (reservations, volumes, shared and revocable
/// resources). Plain values; `Resources` keeps them canonical.

#include <offerkit/core/config.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/label.hpp>
#include <offerkit/resources/ranges.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

/// An amount of a kind that has no slot here, in thousandths.
struct NamedAmount {
    std::string name;
    std::int64_t units = 0;
    friend bool operator==(const NamedAmount&, const NamedAmount&) = default;
};

struct NamedRanges {
    std::string name;
    Ranges ranges;
    friend bool operator==(const NamedRanges&, const NamedRanges&) = default;
};

/// Items are sorted and distinct.
struct NamedSet {
    std::string name;
    std::vector<std::string> items;
    friend bool operator==(const NamedSet&, const NamedSet&) = default;
};

/// What does not fit into slots. Canonical: each list is sorted by name, and nothing that is empty
/// or zero is kept, so that equal resources compare equal.
struct Particulars {
    std::vector<NamedAmount> named;
    std::vector<NamedRanges> ranges;
    std::vector<NamedSet> sets;

    /// Milli-gpus per card, by the card's number, without zeros at the end. Their sum is at most
    /// the gpus slot; what the slot has beyond it is on no card in particular.
    std::vector<std::int64_t> gpu_cards;

    [[nodiscard]] bool is_empty() const {
        return named.empty() && ranges.empty() && sets.empty() && gpu_cards.empty();
    }
    friend bool operator==(const Particulars&, const Particulars&) = default;
};

// `static` is taken; the others follow suit.
enum class ReservationKind : std::uint8_t { static_, dynamic, refined };

[[nodiscard]] constexpr std::string_view format_reservation_kind(ReservationKind kind) {
    switch (kind) {
        case ReservationKind::static_:
            return "static";
        case ReservationKind::dynamic:
            return "dynamic";
        case ReservationKind::refined:
            return "refined";
    }
    return "?";
}

/// One level of a bundle's stack of reservations.
struct Reservation {
    std::string role;  // A role path: "eng/dev".
    std::string principal;
    Labels labels;
    ReservationKind kind = ReservationKind::dynamic;
    friend bool operator==(const Reservation&, const Reservation&) = default;
};

enum class VolumeMode : std::uint8_t { read_write, read_only };

/// Disk space that outlives the task that filled it. Its bundle is taken whole or not at all.
struct Volume {
    std::string persistence_id;
    std::string container_path;
    VolumeMode mode = VolumeMode::read_write;
    friend bool operator==(const Volume&, const Volume&) = default;
};

/// Resources that are set apart under one id: reserved, revocable, shared, or holding a volume.
/// They are not counted in the amounts of the resources they are part of. A part of a bundle has
/// the same id and the same facts but smaller amounts.
struct Bundle {
    BundleId id;
    std::vector<Reservation> reservations;  // Down the role path, the widest role first.
    std::optional<Volume> volume;
    bool revocable = false;
    bool shared = false;
    std::int64_t copies = 1;  // More than one only if shared: how often it is held.
    Amounts amounts;
    Particulars particulars;

    /// The role that it is reserved for; empty if it is not.
    [[nodiscard]] std::string_view role() const {
        return reservations.empty() ? std::string_view{} : reservations.back().role;
    }
    friend bool operator==(const Bundle&, const Bundle&) = default;
};

/// Everything beside the slots.
struct Extras {
    Particulars particulars;
    std::vector<Bundle> bundles;  // Sorted by id.

    [[nodiscard]] bool is_empty() const { return particulars.is_empty() && bundles.empty(); }
    friend bool operator==(const Extras&, const Extras&) = default;
};

/// True if the two are parts of one bundle: same id, reservations, volume, revocable and shared.
[[nodiscard]] bool is_same_bundle(const Bundle& a, const Bundle& b);

/// Which cards give `units`: whole gpus take whole cards, lowest numbers first, and the fraction
/// comes from one card, the fullest that still has room for it. Returns milli-gpus per card, or
/// nothing if the cards cannot give it: two halves on two cards are not a whole.
[[nodiscard]] std::optional<std::vector<std::int64_t>> choose_gpu_cards(
    const std::vector<std::int64_t>& cards, std::int64_t units);

/// The set algebra of the rare parts. `gpus` are the amounts of the gpus slots that the particulars
/// stand beside. Pre of `subtract`: `contains`.
[[nodiscard]] bool contains(const Particulars& whole, std::int64_t whole_gpus,
                            const Particulars& part, std::int64_t part_gpus);
void add(Particulars& into, const Particulars& other);
void subtract(Particulars& from, std::int64_t from_gpus, const Particulars& part,
              std::int64_t part_gpus);

[[nodiscard]] bool contains(const std::vector<Bundle>& whole, const std::vector<Bundle>& part);

/// Pre: bundles that both have are the same but for their amounts, and those with a volume are
/// shared.
void add(std::vector<Bundle>& into, const std::vector<Bundle>& other);
void subtract(std::vector<Bundle>& from, const std::vector<Bundle>& part);

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/resources/impl/extras.ipp>
#endif
