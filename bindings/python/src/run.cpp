// SPDX-License-Identifier: Apache-2.0
// Floor 6 in Python: a scheduler against a real cluster.

#include "errors.hpp"
#include "model.hpp"
#include "module.hpp"
#include "scheduler.hpp"
#include "times.hpp"

#include <offerkit/runtime/run_framework.hpp>

#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace offerkit::python {

namespace {

/// Lines go to `logger(level, line)` from whatever thread has something to say. What the logger
/// raises is reported as Python reports errors in destructors: nobody is there to catch it.
runtime::Log log_to(py::object logger) {
    return [shared = share(std::move(logger))](runtime::LogLevel level, const std::string& line) {
        const py::gil_scoped_acquire gil;
        try {
            (*shared)(static_cast<int>(level), line);
        } catch (py::error_already_set& error) {
            error.discard_as_unraisable("offerkit's log");
        }
    };
}

void run(const py::dict& handlers, const Control& control, FrameworkOptions options) {
    options.stop_on_signals = false;  // They are Python's: see PyScheduler.
    PyScheduler scheduler{handlers, &control, !options.id_file.empty()};
    // What a handler raised is raised again below: the driver's line about it would be the second.
    options.log = [&scheduler, log = std::move(options.log), caller = std::this_thread::get_id()](
                      runtime::LogLevel level, const std::string& line) {
        if (std::this_thread::get_id() != caller || !scheduler.has_failed()) log(level, line);
    };
    Result<void> ended;
    {
        const py::gil_scoped_release release;
        ended = try_run_framework(scheduler, std::move(options));
    }
    scheduler.raise_failure();
    value_or_raise(std::move(ended));
}

FrameworkOptions options_of(const py::dict& given) {
    FrameworkOptions options;
    const auto text = [&](const char* name) { return given[name].cast<std::string>(); };
    options.name = text("name");
    options.roles = given["roles"].cast<std::vector<std::string>>();
    if (!given["failover_timeout"].is_none()) {
        options.failover_timeout = given["failover_timeout"].cast<Seconds>().value;
    }
    if (!given["connect_timeout"].is_none()) {
        options.connect_timeout = given["connect_timeout"].cast<Seconds>().value;
    }
    options.answer_timeout = given["answer_timeout"].cast<Seconds>().value;
    options.master = text("master");
    options.token = text("token");
    options.cluster = text("cluster");
    options.principal = text("principal");
    options.user = text("user");
    options.id_file = text("id_file");
    options.labels = labels_of(given["labels"]);
    options.capabilities.gpu_resources = given["gpu_resources"].cast<bool>();
    options.capabilities.revocable_resources = given["revocable_resources"].cast<bool>();
    return options;
}

}  // namespace

void bind_run(py::module_& m) {
    py::class_<Control>(m, "Control", "Ends a run from another thread.")
        .def(py::init<>())
        .def("stop", &Control::stop, py::arg("teardown"));
    m.def(
        "run",
        [](const py::dict& handlers, const Control& control, py::object logger,
           const py::dict& given) {
            FrameworkOptions options = options_of(given);
            options.log = log_to(std::move(logger));
            run(handlers, control, std::move(options));
        },
        py::arg("handlers"), py::arg("control"), py::arg("logger"), py::arg("options"));
}

}  // namespace offerkit::python
