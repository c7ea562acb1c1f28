// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where tasks may go: what an agent must be like, and how many of a group may stand together. For
/// any scheduler; a group is whatever shares one `Constraints`.

#include <offerkit/core/bytes.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/framework/pattern.hpp>
#include <offerkit/model/offer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::framework {

/// Each names an attribute of the agent, or `@hostname`, `@region` or `@zone`. A scalar is compared
/// as text ("4", "1.5"); of a set any item will do, and of ranges any number.
namespace constraint {

// clang-format off
struct Equals  { std::string attribute; std::string value; };
struct In      { std::string attribute; std::vector<std::string> values; };
struct Exists  { std::string attribute; };
struct Absent  { std::string attribute; };
struct Matches { std::string attribute; Pattern pattern; };
// clang-format on

/// At most so many of the group where the attribute has the same value.
struct AtMost {
    std::string attribute;
    std::uint32_t count = 1;
};

/// No value of the attribute has over `difference` more of the group than another. Others are those
/// seen in offers so far; while fewer than `values_min` were seen, one with none is assumed.
struct Spread {
    std::string attribute;
    std::uint32_t difference = 1;
    std::uint32_t values_min = 1;
};

/// Anything else. `what` completes "the agent ...", for people.
struct Holds {
    std::string what;
    std::function<bool(const Offer&)> holds;
};

}  // namespace constraint

using Constraint =
    std::variant<constraint::Equals, constraint::In, constraint::Exists, constraint::Absent,
                 constraint::Matches, constraint::AtMost, constraint::Spread, constraint::Holds>;

/// Constraints that hold together, and the tasks that were placed under them.
class Constraints {
public:
    Constraints() = default;
    explicit Constraints(std::vector<Constraint> all);

    /// Why not, as a decline's `detail`: "rack is r3, want one of r1, r2". Nothing if the agent
    /// qualifies. Complexity: linear in attributes and constraints; `Spread` also in values seen.
    [[nodiscard]] std::optional<std::string> find_objection(const Offer& offer) const;
    [[nodiscard]] bool allows(const Offer& offer) const { return !find_objection(offer); }

    /// Learns which values there are. For `Spread`: to be called with every offer.
    void see(const Offer& offer);

    /// A task of the group goes where the offer is; placed twice, the last counts.
    void place(const TaskId& task, const Offer& offer);
    /// It has ended. Absorbs: a task that is not placed.
    void remove(const TaskId& task);
    [[nodiscard]] std::size_t placed() const { return placed_.size(); }

    /// Who is placed where and what was seen, for a state store. `load` expects the same
    /// constraints in the same order, and fails the reader otherwise.
    void save(Bytes& out) const;
    void load(ByteReader& in);

private:
    /// How many stand at each value, in the order of the counting constraints.
    using Counts = std::map<std::string, std::uint32_t>;

    [[nodiscard]] std::vector<std::string> values_at(const Offer& offer) const;

    std::vector<Constraint> all_;
    std::vector<Counts> counts_;
    std::map<TaskId, std::vector<std::string>> placed_;
};

}  // namespace offerkit::framework

namespace offerkit {

namespace constraint = framework::constraint;
using framework::Constraint;
using framework::Constraints;

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/constraints.ipp>
#endif
