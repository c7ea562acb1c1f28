// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The fields of any aggregate, without a list of them that could be forgotten: how many there are
/// is asked of the compiler, and structured bindings, which take no other number, name them.
/// Boost.PFR does the same; this asks each struct once where PFR searches, and hands out all fields
/// at once where PFR builds a tuple for each, a quarter of what the codec cost to compile.

#include <cstddef>
#include <type_traits>
#include <utility>

namespace offerkit::record::detail {

/// Converts to whatever a field wants. Never evaluated.
struct AnyField {
    template <class T>
    operator T&() const& noexcept;
    template <class T>
    operator T&() const&& noexcept;
};

/// The same for fields that cannot be copied.
struct AnyMovedField {
    template <class T>
    operator T&&() const&& noexcept;
};

template <class T, class Any, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) {
    return requires { T{(static_cast<void>(I), Any{})...}; };
}

/// The most fields that a recorded struct may have.
inline constexpr std::size_t fields_max = 32;

// Downwards, because too many initialisers are refused before any is looked at.
template <class T, std::size_t from = fields_max + 1>
consteval std::size_t count_fields() {
    using Any = std::conditional_t<std::is_copy_constructible_v<T>, AnyField, AnyMovedField>;
    if constexpr (from == 0 || takes<T, Any>(std::make_index_sequence<from>{})) {
        return from;
    } else {
        return count_fields<T, from - 1>();
    }
}

template <class T>
inline constexpr std::size_t field_count = std::is_empty_v<T> ? 0 : count_fields<T>();

// A number of structured bindings is part of the source.
#define OFFERKIT_BIND(count, ...)    \
    if constexpr (n == count) {      \
        auto& [__VA_ARGS__] = value; \
        return visit(__VA_ARGS__);   \
    } else

/// Calls `visit` with all fields of `value`, in their order.
template <class T, class F>
constexpr decltype(auto) with_fields(T& value, F&& visit) {
    constexpr std::size_t n = field_count<std::remove_const_t<T>>;
    static_assert(n <= fields_max, "more fields than are bound here");
    // clang-format off
    OFFERKIT_BIND(1, a)
    OFFERKIT_BIND(2, a, b)
    OFFERKIT_BIND(3, a, b, c)
    OFFERKIT_BIND(4, a, b, c, d)
    OFFERKIT_BIND(5, a, b, c, d, e)
    OFFERKIT_BIND(6, a, b, c, d, e, f)
    OFFERKIT_BIND(7, a, b, c, d, e, f, g)
    OFFERKIT_BIND(8, a, b, c, d, e, f, g, h)
    OFFERKIT_BIND(9, a, b, c, d, e, f, g, h, i)
    OFFERKIT_BIND(10, a, b, c, d, e, f, g, h, i, j)
    OFFERKIT_BIND(11, a, b, c, d, e, f, g, h, i, j, k)
    OFFERKIT_BIND(12, a, b, c, d, e, f, g, h, i, j, k, l)
    OFFERKIT_BIND(13, a, b, c, d, e, f, g, h, i, j, k, l, m)
    OFFERKIT_BIND(14, a, b, c, d, e, f, g, h, i, j, k, l, m, n)
    OFFERKIT_BIND(15, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
    OFFERKIT_BIND(16, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
    OFFERKIT_BIND(17, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)
    OFFERKIT_BIND(18, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)
    OFFERKIT_BIND(19, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)
    OFFERKIT_BIND(20, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t)
    OFFERKIT_BIND(21, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)
    OFFERKIT_BIND(22, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v)
    OFFERKIT_BIND(23, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w)
    OFFERKIT_BIND(24, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x)
    OFFERKIT_BIND(25, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y)
    OFFERKIT_BIND(26, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z)
    OFFERKIT_BIND(27, a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,aa)
    OFFERKIT_BIND(28, a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,aa,bb)
    OFFERKIT_BIND(29, a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,aa,bb,cc)
    OFFERKIT_BIND(30, a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,aa,bb,cc,dd)
    OFFERKIT_BIND(31, a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,aa,bb,cc,dd,ee)
    OFFERKIT_BIND(32, a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,aa,bb,cc,dd,ee,ff)
    return visit();
    // clang-format on
}

#undef OFFERKIT_BIND

}  // namespace offerkit::record::detail
