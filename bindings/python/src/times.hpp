// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Lengths of time and moments, as Python writes them. A length comes in as a `timedelta` or a
/// number of seconds, and goes out as a `timedelta`; a moment of a world's clock is a number of
/// seconds since that world began, None meaning never.

#include <offerkit/core/time.hpp>

#include <pybind11/pybind11.h>

namespace offerkit::python {

namespace py = pybind11;

/// An argument that is a length of time, never negative.
struct Seconds {
    Duration value{0};
};

/// Raises `Refusal` for what is negative or no number; false if it is of another type.
[[nodiscard]] bool read_seconds(py::handle source, Duration& into);
[[nodiscard]] py::object make_timedelta(Duration duration);
[[nodiscard]] py::object make_datetime(WallTime at);

[[nodiscard]] double seconds_of(Instant at);
/// None: never. Raises `Refusal` as `read_seconds`, and TypeError for another type.
[[nodiscard]] Instant read_instant(py::handle source);

}  // namespace offerkit::python

namespace pybind11::detail {

template <>
struct type_caster<offerkit::python::Seconds> {
    PYBIND11_TYPE_CASTER(offerkit::python::Seconds, const_name("float | datetime.timedelta"));

    bool load(handle source, bool) { return offerkit::python::read_seconds(source, value.value); }
    static handle cast(const offerkit::python::Seconds& seconds, return_value_policy, handle) {
        return offerkit::python::make_timedelta(seconds.value).release();
    }
};

}  // namespace pybind11::detail
