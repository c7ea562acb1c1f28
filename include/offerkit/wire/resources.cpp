// SPDX-License-Identifier: Apache-2.0
#include <offerkit/resources/builder.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <span>

namespace offerkit::wire::detail {

constexpr Subject subject{"resources"};

static void to_wire(const Reservation& reservation, pb::Reservation& out) {
    out.set_role(reservation.role);
    if (!reservation.principal.empty()) out.set_principal(reservation.principal);
    labels_to_wire(reservation.labels, out.mutable_labels());
    out.set_kind(to_wire(reservation.kind));
}

static Result<void> from_wire(const pb::Reservation& in, Reservation& reservation) {
    Role role;
    if (auto valid = read_role(in.role(), role); !valid) return valid;
    reservation.role = role.path();
    if (auto valid = validate_line(subject, "principal", in.principal(), limits::principal_max);
        !valid) {
        return valid;
    }
    reservation.principal = in.principal();
    if (auto valid = labels_from_wire(in.labels(), subject, reservation.labels); !valid) {
        return valid;
    }
    if (auto valid = validate(reservation.labels, subject); !valid) return valid;
    return read_enum(subject, "reservation kind", in.kind(), reservation.kind);
}

static void to_wire(const Volume& volume, pb::Volume& out) {
    out.set_persistence_id(volume.persistence_id);
    out.set_container_path(volume.container_path);
    out.set_mode(to_wire(volume.mode));
}

static Result<void> from_wire(const pb::Volume& in, Volume& volume) {
    if (auto valid = validate_id(subject, "persistence id", in.persistence_id(), limits::name_max);
        !valid) {
        return valid;
    }
    if (auto valid = validate_line(subject, "container path", in.container_path(), limits::name_max,
                                   Empty::refused);
        !valid) {
        return valid;
    }
    volume.persistence_id = in.persistence_id();
    volume.container_path = in.container_path();
    return read_enum(subject, "volume mode", in.mode(), volume.mode);
}

static void to_wire(const Bundle& bundle, pb::Bundle& out) {
    out.set_id(bundle.id.value());
    for (const Reservation& reservation : bundle.reservations) {
        to_wire(reservation, *out.add_reservations());
    }
    if (bundle.volume) to_wire(*bundle.volume, *out.mutable_volume());
    if (bundle.revocable) out.set_revocable(true);
    if (bundle.shared) out.set_shared(true);
    if (bundle.copies != 1) out.set_copies(bundle.copies);
    to_wire(Resources::content_of(bundle), *out.mutable_content());
}

static Result<void> from_wire(const pb::Bundle& in, Bundle& bundle) {
    bundle.id = BundleId::from_value(in.id());
    if (auto valid =
            check_count(subject, "reservations", in.reservations(), limits::role_depth_max);
        !valid) {
        return valid;
    }
    if (auto valid = read_list(in.reservations(), bundle.reservations,
                               [](const auto& from, auto& to) { return from_wire(from, to); });
        !valid) {
        return valid;
    }
    if (in.has_volume()) {
        if (auto valid = from_wire(in.volume(), bundle.volume.emplace()); !valid) return valid;
    }
    bundle.revocable = in.revocable();
    bundle.shared = in.shared();
    bundle.copies = in.copies();
    if (in.content().bundles_size() > 0) {
        return refuse_field(subject, RefusalCode::invalid, "bundle " + format_id(bundle.id),
                            "has bundles inside", "send each bundle by itself");
    }
    Resources content;
    if (auto valid = from_wire(in.content(), subject, content); !valid) return valid;
    Resources::fill_bundle(bundle, content);
    return {};
}

static void extras_to_wire(const Resources& resources, pb::Resources& out) {
    for (const NamedAmount& amount : resources.named()) {
        pb::NamedAmount& to = *out.add_amounts();
        to.set_name(amount.name);
        to.set_units(amount.units);
    }
    for (const NamedRanges& ranges : resources.all_ranges()) {
        if (ranges.name == Ports::name) {
            ranges_to_wire(ranges.ranges, *out.mutable_ports());
            continue;
        }
        pb::NamedRanges& to = *out.add_ranges();
        to.set_name(ranges.name);
        ranges_to_wire(ranges.ranges, *to.mutable_bounds());
    }
    for (const NamedSet& set : resources.all_sets()) {
        pb::NamedSet& to = *out.add_sets();
        to.set_name(set.name);
        for (const std::string& item : set.items)
            to.add_items(item);
    }
    for (const std::int64_t card : resources.gpu_cards())
        out.add_gpu_cards(card);
    for (const Bundle& bundle : resources.bundles())
        to_wire(bundle, *out.add_bundles());
}

/// The usual resources: nothing but amounts of built-in kinds.
static bool is_plain(const pb::Resources& in) {
    return in.amounts_size() + in.ports_size() + in.ranges_size() + in.sets_size() +
               in.bundles_size() + in.gpu_cards_size() ==
           0;
}

static Result<void> read_cards(const pb::Resources& in, ResourcesBuilder& builder) {
    std::vector<std::int64_t> cards(in.gpu_cards().begin(), in.gpu_cards().end());
    std::int64_t rest = in.gpus();
    for (const std::int64_t card : cards) {
        // What cannot be, is refused by the builder; here it must only not overflow.
        if (card < 0 || card > rest || rest < 0) {
            return refuse_field(subject, RefusalCode::invalid, "gpu cards",
                                "are negative or more than the gpus in all",
                                "send gpus as their sum");
        }
        rest -= card;
    }
    return builder.gpu_cards(std::move(cards), rest);
}

static Result<void> read_sets(const pb::Resources& in, ResourcesBuilder& builder) {
    for (const pb::NamedSet& set : in.sets()) {
        if (auto valid = check_count(subject, set.name(), set.items(), limits::set_items_max);
            !valid) {
            return valid;
        }
        for (const std::string& item : set.items()) {
            if (auto valid = validate_line(subject, set.name(), item, limits::set_item_bytes_max);
                !valid) {
                return valid;
            }
        }
        if (auto valid = builder.set(set.name(), {set.items().begin(), set.items().end()});
            !valid) {
            return valid;
        }
    }
    return {};
}

static Result<void> read_ranges(const pb::Resources& in, ResourcesBuilder& builder) {
    const auto read = [&builder](std::string_view name, const auto& bounds) -> Result<void> {
        Ranges ranges;
        if (auto valid = ranges_from_wire(bounds, subject, name, ranges); !valid) return valid;
        return builder.ranges(name, std::move(ranges));
    };
    if (in.ports_size() > 0) {
        if (auto valid = read(Ports::name, in.ports()); !valid) return valid;
    }
    for (const pb::NamedRanges& ranges : in.ranges()) {
        if (auto valid = read(ranges.name(), ranges.bounds()); !valid) return valid;
    }
    return {};
}

static Result<void> read_amounts(const pb::Resources& in, ResourcesBuilder& builder) {
    // Only what is there: a kind that is given counts against the limit on kinds.
    if (in.has_cpus()) {
        if (auto valid = builder.amount(Cpus::name, in.cpus()); !valid) return valid;
    }
    if (in.has_mem()) {
        if (auto valid = builder.amount(Mem::name, in.mem()); !valid) return valid;
    }
    if (in.has_disk()) {
        if (auto valid = builder.amount(Disk::name, in.disk()); !valid) return valid;
    }
    if (in.has_gpus() || in.gpu_cards_size() > 0) {
        if (auto valid = read_cards(in, builder); !valid) return valid;
    }
    for (const pb::NamedAmount& amount : in.amounts()) {
        if (auto valid = builder.amount(amount.name(), amount.units()); !valid) return valid;
    }
    return {};
}

static Result<void> read_all(const pb::Resources& in, Resources& resources) {
    ResourcesBuilder builder;
    if (auto valid = read_amounts(in, builder); !valid) return valid;
    if (auto valid = read_ranges(in, builder); !valid) return valid;
    if (auto valid = read_sets(in, builder); !valid) return valid;
    for (const pb::Bundle& from : in.bundles()) {
        Bundle bundle;
        if (auto valid = from_wire(from, bundle); !valid) return valid;
        if (auto valid = builder.bundle(std::move(bundle)); !valid) return valid;
    }
    resources = std::move(builder).take();
    return {};
}

/// Merges halves, so that many ranges cost n log n and not n squared.
static Ranges join(std::span<const Range> ranges) {
    Ranges joined;
    if (ranges.size() == 1) {
        joined.add(ranges.front());
    } else if (!ranges.empty()) {
        joined = join(ranges.first(ranges.size() / 2));
        joined.add(join(ranges.subspan(ranges.size() / 2)));
    }
    return joined;
}

void ranges_to_wire(const Ranges& ranges, google::protobuf::RepeatedField<std::uint64_t>& out) {
    for (const Range& range : ranges.spans()) {
        out.Add(range.first);
        out.Add(range.last);
    }
}

Result<void> ranges_from_wire(const google::protobuf::RepeatedField<std::uint64_t>& in, Subject who,
                              std::string_view field, Ranges& ranges) {
    if (auto valid = validate_count(who, field, static_cast<std::size_t>(in.size()) / 2,
                                    limits::ranges_per_kind_max, "ranges");
        !valid) {
        return valid;
    }
    std::vector<Range> read;
    for (int i = 0; i + 1 < in.size(); i += 2) {
        const Range range{in[i], in[i + 1]};
        // A gap between any two: equal sets have one form.
        const bool is_after =
            read.empty() || (range.first > read.back().last && range.first - read.back().last > 1);
        if (range.first > range.last || !is_after) break;
        read.push_back(range);
    }
    if (read.size() * 2 != static_cast<std::size_t>(in.size())) {
        return refuse_field(who, RefusalCode::invalid, field,
                            "run backwards, overlap, touch or lack a bound",
                            "send first, last, first, last, ... in order");
    }
    ranges = join(read);
    return {};
}

void to_wire(const Resources& resources, pb::Resources& out) {
    const auto slots = resources.amounts().slots();
    for (std::size_t slot = builtin_scalar_count; slot < limits::slots; ++slot) {
        OFFERKIT_ASSERT(slots[slot] == 0);  // Slots beyond the built-in ones mean nothing outside.
    }
    if (const auto units = slots[*slot_of<Cpus>]; units != 0) out.set_cpus(units);
    if (const auto units = slots[*slot_of<Mem>]; units != 0) out.set_mem(units);
    if (const auto units = slots[*slot_of<Disk>]; units != 0) out.set_disk(units);
    if (const auto units = slots[*slot_of<Gpus>]; units != 0) out.set_gpus(units);
    if (resources.extras() != nullptr) extras_to_wire(resources, out);
}

Result<void> from_wire(const pb::Resources& in, Subject who, Resources& resources) {
    if (is_plain(in)) {
        const std::int64_t values[] = {in.cpus(), in.mem(), in.disk(), in.gpus()};
        bool is_bounded = true;
        for (const std::int64_t value : values) {
            is_bounded = is_bounded && value >= 0 && value <= limits::amount_per_agent_max;
        }
        if (is_bounded) {
            Amounts amounts;
            amounts.set(*slot_of<Cpus>, in.cpus());
            amounts.set(*slot_of<Mem>, in.mem());
            amounts.set(*slot_of<Disk>, in.disk());
            amounts.set(*slot_of<Gpus>, in.gpus());
            resources = Resources{amounts};
            return {};
        }
    }
    auto valid = read_all(in, resources);
    if (valid) return valid;
    Refusal refusal = std::move(valid).error();
    refusal.who = refuse_field(who, refusal.code, {}, {}, {}).who + ", " + refusal.who;
    return refusal;
}

}  // namespace offerkit::wire::detail
