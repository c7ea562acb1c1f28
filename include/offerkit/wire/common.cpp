// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/wire/codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <variant>

namespace offerkit::wire {

namespace detail {

void to_wire(const Refusal& refusal, pb::Refusal& out) {
    // A refusal may quote what a peer sent; it must never be itself what the next peer refuses.
    const auto shown = [](const std::string& text) {
        return printable(text, limits::message_text_max);
    };
    out.set_code(to_wire(refusal.code));
    out.set_who(shown(refusal.who));
    out.set_what(shown(refusal.what));
    out.set_why(shown(refusal.why));
    out.set_todo(shown(refusal.todo));
}

void from_wire(const pb::Refusal& in, Refusal& refusal) {
    refusal.code = find_enum<RefusalCode>(in.code()).value_or(RefusalCode::invalid);
    refusal.who = printable(in.who(), limits::message_text_max);
    refusal.what = printable(in.what(), limits::message_text_max);
    refusal.why = printable(in.why(), limits::message_text_max);
    refusal.todo = printable(in.todo(), limits::message_text_max);
}

void to_wire(const Label& label, pb::Label& out) {
    out.set_key(label.key);
    if (!label.value.empty()) out.set_value(label.value);
}

Result<void> labels_from_wire(const google::protobuf::RepeatedPtrField<pb::Label>& in, Subject who,
                              Labels& labels) {
    if (auto valid = check_count(who, "labels", in, limits::labels_max); !valid) return valid;
    labels.reserve(static_cast<std::size_t>(in.size()));
    for (const pb::Label& label : in)
        labels.push_back({label.key(), label.value()});
    return {};
}

void to_wire(const Domain& domain, pb::Domain& out) {
    if (!domain.region.empty()) out.set_region(domain.region);
    if (!domain.zone.empty()) out.set_zone(domain.zone);
}

void from_wire(const pb::Domain& in, Domain& domain) {
    domain.region = in.region();
    domain.zone = in.zone();
}

void to_wire(const Attribute& attribute, pb::Attribute& out) {
    out.set_name(attribute.name);
    std::visit(Overloaded{
                   [&](const std::string& text) { out.set_text(text); },
                   [&](std::int64_t scalar) { out.set_scalar(scalar); },
                   [&](const Ranges& ranges) {
                       ranges_to_wire(ranges, *out.mutable_ranges()->mutable_bounds());
                   },
                   [&](const std::vector<std::string>& items) {
                       pb::AttributeSet& set = *out.mutable_set();
                       for (const std::string& item : items)
                           set.add_items(item);
                   },
               },
               attribute.value);
}

Result<void> from_wire(const pb::Attribute& in, Subject who, Attribute& attribute) {
    attribute.name = in.name();
    if (in.has_text() + in.has_scalar() + in.has_ranges() + in.has_set() != 1) {
        return refuse_field(who, RefusalCode::invalid, "attributes",
                            printable(in.name()) + " has no value, or more than one",
                            "give each attribute one value");
    }
    if (in.has_text()) {
        attribute.value = in.text();
    } else if (in.has_scalar()) {
        attribute.value = in.scalar();
    } else if (in.has_ranges()) {
        return ranges_from_wire(in.ranges().bounds(), who, "attributes",
                                attribute.value.emplace<Ranges>());
    } else {
        if (auto valid = check_count(who, "attributes", in.set().items(), limits::set_items_max);
            !valid) {
            return valid;
        }
        attribute.value =
            std::vector<std::string>(in.set().items().begin(), in.set().items().end());
    }
    return {};
}

Result<void> attributes_from_wire(const google::protobuf::RepeatedPtrField<pb::Attribute>& in,
                                  Subject who, Attributes& attributes) {
    if (auto valid = check_count(who, "attributes", in, limits::attributes_max); !valid) {
        return valid;
    }
    if (auto valid = read_list(
            in, attributes, [who](const auto& from, auto& to) { return from_wire(from, who, to); });
        !valid) {
        return valid;
    }
    return validate(attributes, who);
}

}  // namespace detail

namespace {

/// Only the version of a hello of another major version is sure to mean what we think it means: it
/// is let through with no more, so that the answer can say which version is wanted.
Result<protocol::Hello> read_hello(const detail::pb::Hello& in) {
    static constexpr Subject who{"hello"};
    protocol::Hello hello;
    hello.major = in.major();
    hello.minor = in.minor();
    if (in.has_kind() || hello.major == protocol::version_major) {
        if (auto valid = detail::read_enum(who, "kind", in.kind(), hello.kind); !valid) {
            return std::move(valid).error();
        }
    }
    if (hello.major != protocol::version_major) return hello;
    hello.cluster = in.cluster();
    hello.epoch_seen = in.epoch_seen();
    hello.principal = in.principal();
    hello.token = in.token();
    if (auto valid = validate_line(who, "cluster", hello.cluster); !valid) {
        return std::move(valid).error();
    }
    if (auto valid = validate_line(who, "principal", hello.principal, limits::principal_max);
        !valid) {
        return std::move(valid).error();
    }
    if (auto valid = validate_count(who, "token", hello.token.size(), limits::token_max, "bytes");
        !valid) {
        return std::move(valid).error();
    }
    return hello;
}

}  // namespace

void encode(const protocol::Hello& hello, Bytes& out) {
    detail::Scratch<detail::pb::Hello> to;
    to->set_major(hello.major);
    to->set_minor(hello.minor);
    to->set_kind(detail::to_wire(hello.kind));
    if (!hello.cluster.empty()) to->set_cluster(hello.cluster);
    to->set_epoch_seen(hello.epoch_seen);
    if (!hello.principal.empty()) to->set_principal(hello.principal);
    if (!hello.token.empty()) to->set_token(hello.token);
    to.append_to(out);
}

void encode(const protocol::Welcome& welcome, Bytes& out) {
    detail::Scratch<detail::pb::Welcome> to;
    to->set_major(welcome.major);
    to->set_minor(welcome.minor);
    to->set_cluster(welcome.cluster);
    to->set_epoch(welcome.epoch);
    to.append_to(out);
}

void encode(const Refusal& refusal, Bytes& out) {
    detail::Scratch<detail::pb::Refusal> to;
    detail::to_wire(refusal, *to);
    to.append_to(out);
}

template <>
Result<protocol::Hello> decode(std::string_view bytes) {
    detail::Scratch<detail::pb::Hello> from;
    if (!from.parse(bytes)) return detail::refuse_bytes("hello");
    return read_hello(*from);
}

template <>
Result<protocol::Welcome> decode(std::string_view bytes) {
    detail::Scratch<detail::pb::Welcome> from;
    if (!from.parse(bytes)) return detail::refuse_bytes("welcome");
    if (auto valid = validate_line({"welcome"}, "cluster", from->cluster()); !valid) {
        return std::move(valid).error();
    }
    return protocol::Welcome{from->major(), from->minor(), from->cluster(), from->epoch()};
}

Refusal decode_refusal(std::string_view bytes) {
    detail::Scratch<detail::pb::Refusal> from;
    if (!from.parse(bytes)) return detail::refuse_bytes("refusal");
    Refusal refusal;
    detail::from_wire(*from, refusal);
    return refusal;
}

}  // namespace offerkit::wire
