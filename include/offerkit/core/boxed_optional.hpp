// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `std::optional` for what is large and seldom there. A struct with three of them stays small, and
/// with it every message, queue and store that holds such structs. Used like `std::optional`; the
/// value lies on the heap, is copied deeply and moves as a pointer.

#include <offerkit/core/assert.hpp>
#include <offerkit/core/boxed.hpp>

#include <concepts>
#include <optional>
#include <utility>

namespace offerkit {

template <class T>
class BoxedOptional {
public:
    using value_type = T;

    BoxedOptional() = default;
    BoxedOptional(std::nullopt_t) {}  // NOLINT(google-explicit-constructor): as std::optional.
    template <class U = T>
        requires std::convertible_to<U, T> && (!std::same_as<std::remove_cvref_t<U>, BoxedOptional>)
    BoxedOptional(U&& value)  // NOLINT(google-explicit-constructor): as std::optional.
        : box_(Boxed<T>::adopt(new T(std::forward<U>(value)))) {}

    [[nodiscard]] bool has_value() const { return box_.is_set(); }
    explicit operator bool() const { return box_.is_set(); }

    /// Pre: `has_value()`.
    [[nodiscard]] T& operator*() { return box_.value(); }
    [[nodiscard]] const T& operator*() const { return box_.value(); }
    [[nodiscard]] T* operator->() { return &box_.value(); }
    [[nodiscard]] const T* operator->() const { return &box_.value(); }

    T& emplace() {
        box_.reset();
        return box_.make();
    }
    void reset() { box_.reset(); }

    friend bool operator==(const BoxedOptional& a, const BoxedOptional& b) {
        const T* const left = a.box_.find();
        const T* const right = b.box_.find();
        if (left == nullptr || right == nullptr) return left == right;
        return *left == *right;
    }

private:
    Boxed<T> box_;
};

}  // namespace offerkit
