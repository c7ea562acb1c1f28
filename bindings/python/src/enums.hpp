// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Our enumerations as Python's own `enum.Enum` (offerkit/states.py): a member's value is the text
/// that the wire, the tool and the logs use. Include wherever one of them crosses.

#include <offerkit/model/offer.hpp>
#include <offerkit/model/status.hpp>

#include <pybind11/pybind11.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::python {

namespace py = pybind11;

template <class E>
struct EnumFacts;

template <>
struct EnumFacts<TaskState> {
    static constexpr auto name = "TaskState";
    static constexpr std::size_t count = task_states;
    static std::string_view text(TaskState state) { return format_task_state(state); }
};
template <>
struct EnumFacts<StatusSource> {
    static constexpr auto name = "StatusSource";
    static constexpr std::size_t count = 3;
    static std::string_view text(StatusSource source) { return format_status_source(source); }
};
template <>
struct EnumFacts<StatusReason> {
    static constexpr auto name = "StatusReason";
    static constexpr std::size_t count = status_reasons;
    static std::string_view text(StatusReason reason) { return format_status_reason(reason); }
};
template <>
struct EnumFacts<DeclineReason> {
    static constexpr auto name = "DeclineReason";
    static constexpr std::size_t count = decline_reasons;
    static std::string_view text(DeclineReason reason) { return format_decline_reason(reason); }
};

/// The members in the order of our enumerators. Never freed: modules have no end that is ordered.
/// Raises ValueError if Python's class has not the same ones.
template <class E>
const std::vector<py::object>& members_of() {
    static const auto* const members = [] {
        const py::object type = py::module_::import("offerkit.states").attr(EnumFacts<E>::name);
        if (py::len(type) != EnumFacts<E>::count) {
            throw py::value_error(std::string(EnumFacts<E>::name) + " differs from the library's");
        }
        auto* const made = new std::vector<py::object>;
        for (std::size_t i = 0; i < EnumFacts<E>::count; ++i) {
            made->push_back(type(std::string(EnumFacts<E>::text(static_cast<E>(i)))));
        }
        return made;
    }();
    return *members;
}

}  // namespace offerkit::python

namespace pybind11::detail {

template <class E>
struct OfferkitEnumCaster {
    template <class T>
    using cast_op_type = E;
    operator E() const { return value_; }  // NOLINT: what pybind11 asks for.

    bool load(handle source, bool) {
        const auto& members = offerkit::python::members_of<E>();
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (!members[i].is(source)) continue;
            value_ = static_cast<E>(i);
            return true;
        }
        return false;
    }

    static handle cast(E value, return_value_policy, handle) {
        return object(offerkit::python::members_of<E>()[static_cast<std::size_t>(value)]).release();
    }

private:
    E value_{};
};

template <>
struct type_caster<offerkit::TaskState> : OfferkitEnumCaster<offerkit::TaskState> {
    static constexpr auto name = const_name("TaskState");
};
template <>
struct type_caster<offerkit::StatusSource> : OfferkitEnumCaster<offerkit::StatusSource> {
    static constexpr auto name = const_name("StatusSource");
};
template <>
struct type_caster<offerkit::StatusReason> : OfferkitEnumCaster<offerkit::StatusReason> {
    static constexpr auto name = const_name("StatusReason");
};
template <>
struct type_caster<offerkit::DeclineReason> : OfferkitEnumCaster<offerkit::DeclineReason> {
    static constexpr auto name = const_name("DeclineReason");
};

}  // namespace pybind11::detail
