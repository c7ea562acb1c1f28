// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Strong ids. Numbered ids are made by a master from its epoch and a counter, never from chance,
/// so that a replay makes the same ones and two masters never make one twice. Named ids are texts
/// that people and peers choose.

#include <offerkit/core/assert.hpp>
#include <offerkit/core/result.hpp>

#include <charconv>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit {

/// An id that a master made: 20 bits of epoch, 44 bits of counter. Zero means none.
/// `Tag::letter` is what its text begins with: "a3-17" is agent 17 of epoch 3.
template <class Tag>
class NumberedId {
public:
    static constexpr int counter_bits = 44;
    static constexpr std::uint64_t counter_max = (std::uint64_t{1} << counter_bits) - 1;
    static constexpr std::uint64_t epoch_max = (std::uint64_t{1} << (64 - counter_bits)) - 1;

    constexpr NumberedId() = default;

    /// Pre: `epoch <= epoch_max`, `counter <= counter_max`.
    constexpr NumberedId(std::uint64_t epoch, std::uint64_t counter)
        : value_((epoch << counter_bits) | counter) {
        OFFERKIT_ASSERT(epoch <= epoch_max && counter <= counter_max);
    }

    [[nodiscard]] static constexpr NumberedId from_value(std::uint64_t value) {
        NumberedId id;
        id.value_ = value;
        return id;
    }

    [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
    [[nodiscard]] constexpr std::uint64_t epoch() const { return value_ >> counter_bits; }
    [[nodiscard]] constexpr std::uint64_t counter() const { return value_ & counter_max; }
    [[nodiscard]] constexpr bool is_none() const { return value_ == 0; }

    friend constexpr auto operator<=>(const NumberedId&, const NumberedId&) = default;

private:
    std::uint64_t value_ = 0;
};

/// An id that is a text. Its alphabet and length are checked where it enters (`parse_name`).
template <class Tag>
class NamedId {
public:
    NamedId() = default;
    explicit NamedId(std::string text) : text_(std::move(text)) {}
    explicit NamedId(std::string_view text) : text_(text) {}
    explicit NamedId(const char* text) : text_(text) {}

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool is_none() const { return text_.empty(); }

    friend auto operator<=>(const NamedId&, const NamedId&) = default;

private:
    std::string text_;
};

template <class Tag>
[[nodiscard]] std::string format_id(NumberedId<Tag> id) {
    std::string text(1, Tag::letter);
    text += std::to_string(id.epoch());
    text += '-';
    text += std::to_string(id.counter());
    return text;
}

template <class Tag>
[[nodiscard]] const std::string& format_id(const NamedId<Tag>& id) {
    return id.text();
}

/// Reads what `format_id` wrote, and nothing else. Refuses: `malformed`.
template <class Tag>
[[nodiscard]] Result<NumberedId<Tag>> parse_id(std::string_view text) {
    const auto refuse = [&] {
        return Refusal{RefusalCode::malformed, "id " + std::string(text.substr(0, 64)), "read id",
                       "not of the form " + std::string(1, Tag::letter) + "EPOCH-COUNTER",
                       "copy the id from a listing"};
    };
    std::uint64_t epoch = 0;
    std::uint64_t counter = 0;
    const char* const end = text.data() + text.size();
    if (text.empty() || text.front() != Tag::letter) return refuse();
    const auto dash = std::from_chars(text.data() + 1, end, epoch);
    if (dash.ec != std::errc{} || dash.ptr == end || *dash.ptr != '-') return refuse();
    const auto last = std::from_chars(dash.ptr + 1, end, counter);
    if (last.ec != std::errc{} || last.ptr != end) return refuse();
    if (epoch > NumberedId<Tag>::epoch_max || counter > NumberedId<Tag>::counter_max) {
        return refuse();
    }
    const NumberedId<Tag> id{epoch, counter};
    if (format_id(id) != text) return refuse();  // Leading zeros would give one id two texts.
    return id;
}

// clang-format off
struct AgentTag     { static constexpr char letter = 'a'; };
struct FrameworkTag { static constexpr char letter = 'f'; };
struct OfferTag     { static constexpr char letter = 'o'; };
struct OperationTag { static constexpr char letter = 'p'; };
struct BundleTag    { static constexpr char letter = 'b'; };
struct StatusTag    { static constexpr char letter = 's'; };
struct TaskTag      {};
struct ExecutorTag  {};
struct PeerTag      { static constexpr char letter = 'c'; };
// clang-format on

using AgentId = NumberedId<AgentTag>;
using FrameworkId = NumberedId<FrameworkTag>;
using OfferId = NumberedId<OfferTag>;
using OperationId = NumberedId<OperationTag>;
using BundleId = NumberedId<BundleTag>;

/// Names one status update: (agent run, counter), made by the agent, unique per agent.
using StatusId = NumberedId<StatusTag>;

/// One conversation with a peer, named by the world (runtime or sim) that carries it. Never
/// reused within a run; a peer that comes back is a new one.
using PeerId = NumberedId<PeerTag>;

using TaskId = NamedId<TaskTag>;          // Unique per framework, chosen by its scheduler.
using ExecutorId = NamedId<ExecutorTag>;  // Unique per (framework, agent).

}  // namespace offerkit
