// SPDX-License-Identifier: Apache-2.0
// Floor 0 in Python: refusals, ids, time.

#include "errors.hpp"
#include "module.hpp"
#include "times.hpp"

#include <offerkit/core/id.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace offerkit::python {

py::object make_exception(const Refusal& refusal) {
    return py::module_::import("offerkit.refusal")
        .attr("Refusal")(std::string(format_refusal_code(refusal.code)), refusal.who, refusal.what,
                         refusal.why, refusal.todo);
}

namespace {

constexpr std::int64_t per_second = 1'000'000'000;

[[noreturn]] void refuse_length(const std::string& given, const char* why) {
    refuse(RefusalCode::invalid, "length of time", "read " + given, why,
           "give a timedelta or seconds, zero or more");
}

Duration of_float(double seconds) {
    const std::string text = py::str(py::float_(seconds));
    if (std::isnan(seconds)) refuse_length(text, "is not a number");
    if (seconds < 0) refuse_length(text, "is negative");
    if (seconds >= static_cast<double>(std::numeric_limits<std::int64_t>::max()) / per_second) {
        return Duration::max();
    }
    return Duration{std::llround(seconds * per_second)};
}

}  // namespace

bool read_seconds(py::handle source, Duration& into) {
    if (PyBool_Check(source.ptr()) != 0) return false;
    if (PyFloat_Check(source.ptr()) != 0 || PyLong_Check(source.ptr()) != 0) {
        const double seconds = PyFloat_AsDouble(source.ptr());
        if (PyErr_Occurred() != nullptr) throw py::error_already_set();
        into = of_float(seconds);
        return true;
    }
    if (!py::hasattr(source, "total_seconds") || !py::hasattr(source, "microseconds")) return false;
    const auto days = source.attr("days").cast<std::int64_t>();
    if (days < 0) refuse_length(py::str(source), "is negative");
    constexpr std::int64_t days_max = std::numeric_limits<std::int64_t>::max() / per_second / 86400;
    if (days >= days_max) {
        into = Duration::max();
        return true;
    }
    const auto seconds = source.attr("seconds").cast<std::int64_t>();
    const auto micros = source.attr("microseconds").cast<std::int64_t>();
    into = Duration{(days * 86400 + seconds) * per_second + micros * 1000};
    return true;
}

py::object make_timedelta(Duration duration) {
    const std::int64_t ns = duration.count();
    return py::module_::import("datetime")
        .attr("timedelta")(0, ns / per_second, ns % per_second / 1000);
}

py::object make_datetime(WallTime at) {
    const py::module_ datetime = py::module_::import("datetime");
    const py::object zone = datetime.attr("timezone").attr("utc");
    const py::object whole =
        datetime.attr("datetime").attr("fromtimestamp")(at.ns / per_second, zone);
    return whole + make_timedelta(Duration{at.ns % per_second});
}

double seconds_of(Instant at) { return static_cast<double>(at.ns) / per_second; }

Instant read_instant(py::handle source) {
    if (source.is_none()) return Instant::never();
    Duration since_start{0};
    if (!read_seconds(source, since_start)) {
        throw py::type_error("a moment is a number of seconds since the start, or None, not " +
                             std::string(py::str(py::type::of(source))));
    }
    return Instant{0} + since_start;
}

namespace {

template <class Tag>
void bind_id(py::module_& m, const char* name, const char* doc) {
    using Id = NumberedId<Tag>;
    const std::string shown = name;
    py::class_<Id>(m, name, doc)
        .def(py::init([](const std::string& text) { return value_or_raise(parse_id<Tag>(text)); }),
             py::arg("text"))
        .def("__str__", [](Id id) { return format_id(id); })
        .def("__repr__", [shown](Id id) { return shown + "('" + format_id(id) + "')"; })
        .def("__hash__", [](Id id) { return static_cast<py::ssize_t>(id.value() >> 1U); })
        .def(
            "__eq__", [](Id a, Id b) { return a == b; }, py::is_operator())
        .def("__lt__", [](Id a, Id b) { return a < b; }, py::is_operator());
}

}  // namespace

void bind_core(py::module_& m) {
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const RefusalError& error) {
            const py::object made = make_exception(error.refusal());
            PyErr_SetObject(py::type::of(made).ptr(), made.ptr());
        }
    });
    bind_id<AgentTag>(m, "AgentId", "Names an agent, as in a listing: 'a3-17'.");
    bind_id<FrameworkTag>(m, "FrameworkId", "Names a framework, as in a listing: 'f3-2'.");
    bind_id<OfferTag>(m, "OfferId", "Names an offer, which is gone once it is answered: 'o3-99'.");
}

}  // namespace offerkit::python
