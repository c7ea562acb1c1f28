// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A value that is usually not there: one pointer, copied deeply, null most of the time. The paths
/// that touch the heap are out of line, so that the usual case costs one predictable branch.

#include <offerkit/core/assert.hpp>

#include <utility>

namespace offerkit {

template <class T>
class Boxed {
public:
    constexpr Boxed() = default;
    constexpr Boxed(const Boxed& other) {
        if (other.pointer_ != nullptr) [[unlikely]]
            pointer_ = clone(*other.pointer_);
    }
    constexpr Boxed(Boxed&& other) noexcept : pointer_(other.pointer_) { other.pointer_ = nullptr; }
    constexpr Boxed& operator=(const Boxed& other) {
        if (any_set(*this, other)) [[unlikely]] {
            Boxed copy{other};
            std::swap(pointer_, copy.pointer_);
        }
        return *this;
    }
    constexpr Boxed& operator=(Boxed&& other) noexcept {
        std::swap(pointer_, other.pointer_);
        return *this;
    }
    constexpr ~Boxed() {
        if (pointer_ != nullptr) [[unlikely]]
            destroy(pointer_);
    }

    [[nodiscard]] constexpr bool is_set() const { return pointer_ != nullptr; }

    /// Takes over `pointer`, which came from `new` and may be null. Lets a caller's slow path make
    /// the value without knowing where the box is, which keeps the box in registers.
    [[nodiscard]] static constexpr Boxed adopt(T* pointer) {
        Boxed boxed;
        boxed.pointer_ = pointer;
        return boxed;
    }

    /// True if either is set, as one branch.
    friend constexpr bool any_set(const Boxed& a, const Boxed& b) {
        return (int{a.pointer_ != nullptr} | int{b.pointer_ != nullptr}) != 0;
    }

    /// Null if nothing is there.
    [[nodiscard]] constexpr const T* find() const { return pointer_; }

    /// Pre: `is_set()`.
    [[nodiscard]] T& value() {
        OFFERKIT_ASSERT(pointer_ != nullptr);
        return *pointer_;
    }
    [[nodiscard]] const T& value() const {
        OFFERKIT_ASSERT(pointer_ != nullptr);
        return *pointer_;
    }

    /// The value, made empty if nothing was there.
    [[nodiscard]] T& make() {
        if (pointer_ == nullptr) pointer_ = new T{};
        return *pointer_;
    }
    void reset() { *this = Boxed{}; }

    /// Gives up the value to the caller, who deletes it.
    [[nodiscard]] T* release() {
        T* const pointer = pointer_;
        pointer_ = nullptr;
        return pointer;
    }

private:
    [[gnu::noinline, gnu::cold]] static T* clone(const T& value);
    [[gnu::noinline, gnu::cold]] static void destroy(T* pointer);

    T* pointer_ = nullptr;
};

// Not inline, so that `extern template` can keep them out of those who only copy boxes.
template <class T>
T* Boxed<T>::clone(const T& value) {
    return new T(value);
}

template <class T>
void Boxed<T>::destroy(T* pointer) {
    delete pointer;
}

}  // namespace offerkit
