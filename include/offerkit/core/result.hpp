// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `Result<T>`: a value, or the reason why there is none. The shape is std::expected's, so that it
/// can be replaced by it once C++23 is the floor.

#include <offerkit/core/assert.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace offerkit {

/// Why a request was refused, as a closed set: callers switch on it, people read the text.
enum class RefusalCode : unsigned char {
    malformed,            // The bytes or the text do not follow the format.
    invalid,              // Well formed, but a value is out of its range or contradicts another.
    too_large,            // A limit of limits.hpp is exceeded.
    unsupported,          // A version, kind or feature that this build does not know.
    unauthenticated,      // No token, or a wrong one.
    forbidden,            // Known, but not allowed.
    wrong_cluster,        // The peer belongs to another cluster.
    stale_epoch,          // The peer follows a master that has been replaced.
    not_found,            // The named thing does not exist (any more).
    already_exists,       // The named thing exists and may not be made again.
    not_owner,            // The thing belongs to somebody else.
    no_longer_available,  // The offer was used, rescinded or has expired.
    insufficient,         // More was asked for than there is.
    conflict,             // The request contradicts the state it meets.
    quota_exceeded,       // A limit set by the operator stands against it.
    unavailable,          // A fault of the world: try again later.
    cancelled,            // Given up because its owner went away.
};

[[nodiscard]] std::string_view format_refusal_code(RefusalCode code);

/// A request that we will not honour. Every field is lower case, without a final full stop.
struct Refusal {
    RefusalCode code = RefusalCode::invalid;
    std::string who;   // Whom it concerns: "framework f1-2", "line 7", "flag --cpus".
    std::string what;  // What was asked: "launch task t1".
    std::string why;   // Why not: "needs cpus:4, offer o1-9 has cpus:2".
    std::string todo;  // What to do about it: "ask for at most cpus:2".

    friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// One line for a person: "who: what: why; todo".
[[nodiscard]] std::string format_refusal(const Refusal& refusal);

/// A `T`, or the `Refusal` that explains its absence.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Refusal refusal) : state_(std::in_place_index<1>, std::move(refusal)) {}

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    /// Pre: `has_value()`.
    [[nodiscard]] T& value() & { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] const T& value() const& { return *checked(std::get_if<0>(&state_)); }
    [[nodiscard]] T&& value() && { return std::move(*checked(std::get_if<0>(&state_))); }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    /// Pre: `!has_value()`.
    [[nodiscard]] const Refusal& error() const& { return *checked(std::get_if<1>(&state_)); }
    [[nodiscard]] Refusal&& error() && { return std::move(*checked(std::get_if<1>(&state_))); }

private:
    template <class P>
    static P* checked(P* pointer) {
        OFFERKIT_ASSERT(pointer != nullptr);
        return pointer;
    }

    std::variant<T, Refusal> state_;
};

/// Success without a value, or a refusal.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Refusal refusal) : refusal_(std::move(refusal)) {}

    [[nodiscard]] bool has_value() const { return !refusal_.has_value(); }
    explicit operator bool() const { return has_value(); }

    /// Pre: `!has_value()`.
    [[nodiscard]] const Refusal& error() const& {
        OFFERKIT_ASSERT(refusal_.has_value());
        return *refusal_;
    }
    [[nodiscard]] Refusal&& error() && {
        OFFERKIT_ASSERT(refusal_.has_value());
        return std::move(*refusal_);
    }

private:
    std::optional<Refusal> refusal_;
};

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/core/impl/result.ipp>
#endif
