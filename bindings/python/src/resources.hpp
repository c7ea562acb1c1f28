// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Resources out of what Python has: numbers, texts with units, ranges.

#include "errors.hpp"

#include <offerkit/resources/resources.hpp>

#include <pybind11/pybind11.h>

namespace offerkit::python {

/// `cpus=1, mem="256MiB", ...`. Raises `Refusal` for what is not exact, has no unit, or is beyond a
/// limit, and TypeError for a value of a type that says no amount.
[[nodiscard]] Resources resources_of(const py::dict& kinds);

/// An argument that is resources, or a text that says them ("cpus:1;mem:256").
struct AnyResources {
    Resources value;
};

}  // namespace offerkit::python

namespace pybind11::detail {

template <>
struct type_caster<offerkit::python::AnyResources> {
    PYBIND11_TYPE_CASTER(offerkit::python::AnyResources, const_name("Resources | str"));
    bool load(handle source, bool);
};

}  // namespace pybind11::detail
