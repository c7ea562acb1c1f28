// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Draws values of any recorded type: every field, every alternative, lists of a few elements.

#include <offerkit/record/fields.hpp>

#include <array>
#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>
#include <limits>

namespace offerkit::test {

template <class T>
struct Draw;

template <class T>
T draw(Rng& rng) {
    return Draw<T>::draw(rng);
}

inline std::string draw_text(Rng& rng) {
    std::string text(rng.below(12), '\0');
    for (char& c : text)
        c = static_cast<char>(rng.below(256));
    return text;
}

inline std::uint64_t draw_number(Rng& rng) { return rng.next() >> rng.below(64); }

template <>
struct Draw<bool> {
    static bool draw(Rng& rng) { return rng.chance(1, 2); }
};
template <>
struct Draw<std::string> {
    static std::string draw(Rng& rng) { return draw_text(rng); }
};
template <>
struct Draw<Duration> {
    static Duration draw(Rng& rng) { return Duration{test::draw<std::int64_t>(rng)}; }
};

template <std::integral T>
struct Draw<T> {
    static T draw(Rng& rng) {
        const auto bits = draw_number(rng);
        return static_cast<T>(rng.chance(1, 8) ? ~bits : bits);
    }
};

template <class T>
    requires std::is_enum_v<T>
struct Draw<T> {
    static T draw(Rng& rng) {
        return static_cast<T>(rng.below(record::detail::count_enumerators<T>()));
    }
};

template <class Tag>
struct Draw<NumberedId<Tag>> {
    static NumberedId<Tag> draw(Rng& rng) { return NumberedId<Tag>::from_value(draw_number(rng)); }
};

template <class Tag>
struct Draw<NamedId<Tag>> {
    static NamedId<Tag> draw(Rng& rng) { return NamedId<Tag>{draw_text(rng)}; }
};

template <>
struct Draw<Role> {
    static Role draw(Rng& rng) {
        constexpr std::array paths{"*", "eng", "eng/ml", "eng/ml/training"};
        return *Role::parse(paths[rng.below(paths.size())]);
    }
};

template <>
struct Draw<Ranges> {
    static Ranges draw(Rng& rng) {
        Ranges ranges;
        for (std::uint64_t i = rng.below(4); i > 0; --i) {
            const std::uint64_t first = rng.below(60'000);
            ranges.add({first, first + rng.below(1'000)});
        }
        return ranges;
    }
};

template <>
struct Draw<Amounts> {
    static Amounts draw(Rng& rng) {
        Amounts amounts;
        for (std::size_t slot = 0; slot < 3; ++slot) {
            if (rng.chance(1, 2)) amounts.set(slot, rng.between(0, limits::amount_per_agent_max));
        }
        return amounts;
    }
};

template <>
struct Draw<Resources> {
    static Resources draw(Rng& rng) {
        Resources resources{test::draw<Amounts>(rng)};
        if (rng.chance(1, 2)) resources.put_named("licenses", rng.between(0, 12'000));
        if (rng.chance(1, 2)) resources.put_ranges("ports", test::draw<Ranges>(rng));
        if (rng.chance(1, 4)) resources.put_set("zones", {"a", "b"});
        if (rng.chance(1, 4)) resources.put_gpu_cards({1000, rng.between(1, 1000)});
        if (rng.chance(1, 4)) {
            Bundle bundle;
            bundle.id = BundleId{1, 1 + rng.below(100)};
            bundle.reservations = {{"eng", "ada", {{"tier", "1"}}, ReservationKind::dynamic}};
            bundle.amounts.set(0, rng.between(1, 4'000));
            resources.put_bundle(bundle);
        }
        return resources;
    }
};

template <class T>
struct Draw<std::optional<T>> {
    static std::optional<T> draw(Rng& rng) {
        if (rng.chance(1, 2)) return std::nullopt;
        return test::draw<T>(rng);
    }
};

template <class T>
struct Draw<BoxedOptional<T>> {
    static BoxedOptional<T> draw(Rng& rng) {
        if (rng.chance(1, 2)) return std::nullopt;
        return test::draw<T>(rng);
    }
};

template <class T>
struct Draw<std::vector<T>> {
    static std::vector<T> draw(Rng& rng) {
        std::vector<T> values;
        for (std::uint64_t i = rng.below(3); i > 0; --i)
            values.push_back(test::draw<T>(rng));
        return values;
    }
};

template <class T, std::size_t size>
struct Draw<std::array<T, size>> {
    static std::array<T, size> draw(Rng& rng) {
        std::array<T, size> values;
        for (T& value : values)
            value = test::draw<T>(rng);
        return values;
    }
};

template <class A, class B>
struct Draw<std::pair<A, B>> {
    static std::pair<A, B> draw(Rng& rng) {
        A first = test::draw<A>(rng);
        return {std::move(first), test::draw<B>(rng)};
    }
};

template <class... Ts>
struct Draw<std::variant<Ts...>> {
    static std::variant<Ts...> draw(Rng& rng) {
        const std::uint64_t index = rng.below(sizeof...(Ts));
        std::variant<Ts...> value;
        std::uint64_t at = 0;
        ((at++ == index ? void(value = test::draw<Ts>(rng)) : void()), ...);
        return value;
    }
};

template <class T>
    requires(std::is_aggregate_v<T> && std::is_class_v<T>)
struct Draw<T> {
    static T draw(Rng& rng) {
        T value;
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((boost::pfr::get<I>(value) =
                  test::draw<std::decay_t<decltype(boost::pfr::get<I>(value))>>(rng)),
             ...);
        }(std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
        return value;
    }
};

}  // namespace offerkit::test
