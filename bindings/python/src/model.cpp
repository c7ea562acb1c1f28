// SPDX-License-Identifier: Apache-2.0
// Floor 2 in Python: offers, tasks and their states, demand.

#include "model.hpp"

#include "enums.hpp"
#include "errors.hpp"
#include "module.hpp"
#include "resources.hpp"
#include "times.hpp"

#include <offerkit/model/demand.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/model/validate.hpp>
#include <offerkit/resources/text.hpp>

#include <pybind11/stl.h>

#include <optional>
#include <utility>
#include <variant>

namespace offerkit::python {

Labels labels_of(const py::dict& dict) {
    Labels labels;
    for (const auto& [key, value] : dict) {
        if (!py::isinstance<py::str>(key) || !py::isinstance<py::str>(value)) {
            refuse(RefusalCode::invalid, "labels",
                   "read " + std::string(py::repr(key)) + ": " + std::string(py::repr(value)),
                   "is not text", "write texts on both sides: {\"tier\": \"1\"}");
        }
        labels.push_back({key.cast<std::string>(), value.cast<std::string>()});
    }
    return labels;
}

py::dict dict_of(const Labels& labels) {
    py::dict dict;
    for (const Label& label : labels)
        dict[py::str(label.key)] = label.value;
    return dict;
}

namespace {

/// A table for notebooks, drawn by Python: there is nothing to gain here.
py::object drawn(const char* what, const py::object& self) {
    return py::module_::import("offerkit.html").attr(what)(self);
}

py::object value_of(const Attribute& attribute) {
    if (const auto* text = std::get_if<std::string>(&attribute.value)) return py::str(*text);
    if (const auto* scalar = std::get_if<std::int64_t>(&attribute.value)) {
        return py::float_(static_cast<double>(*scalar) / thousandths);  // For people.
    }
    py::list items;
    if (const auto* ranges = std::get_if<Ranges>(&attribute.value)) {
        for (const Range& range : ranges->spans())
            items.append(py::make_tuple(range.first, range.last));
    } else {
        for (const std::string& item : std::get<std::vector<std::string>>(attribute.value))
            items.append(item);
    }
    return items;
}

py::dict attributes_of(const Offer& offer) {
    py::dict attributes;
    for (const Attribute& each : offer.attributes)
        attributes[py::str(each.name)] = value_of(each);
    return attributes;
}

void bind_offer(py::module_& m) {
    py::class_<Offer>(m, "Offer", R"(Resources of one agent, proposed to one framework in one role.

Each one that is delivered wants exactly one reply. Made by hand only in tests of a scheduler.)")
        .def(py::init([](const AnyResources& resources, OfferId id, AgentId agent,
                         const std::string& role, const std::string& hostname,
                         const std::map<std::string, std::string>& attributes) {
                 Offer offer;
                 offer.id = id;
                 offer.agent = agent;
                 offer.role = value_or_raise(Role::parse(role));
                 offer.hostname = hostname;
                 offer.resources = resources.value;
                 for (const auto& [name, text] : attributes)
                     offer.attributes.push_back({name, text});
                 return offer;
             }),
             py::arg("resources"), py::kw_only(), py::arg("id") = OfferId{1, 1},
             py::arg("agent") = AgentId{1, 1}, py::arg("role") = "*", py::arg("hostname") = "",
             py::arg("attributes") = std::map<std::string, std::string>{})
        .def_readonly("id", &Offer::id)
        .def_property_readonly("framework", [](const Offer& o) { return optional_id(o.framework); })
        .def_readonly("agent", &Offer::agent)
        .def_property_readonly("role", [](const Offer& o) { return o.role.path(); })
        .def_readonly("hostname", &Offer::hostname)
        .def_readonly("resources", &Offer::resources)
        .def_property_readonly("attributes", &attributes_of,
                               "What the operator says of the agent: text, number, list of pairs "
                               "or list of texts, by name.")
        .def_property_readonly("region", [](const Offer& o) { return o.domain.region; })
        .def_property_readonly("zone", [](const Offer& o) { return o.domain.zone; })
        .def_property_readonly(
            "expires_in", [](const Offer& o) { return Seconds{o.expires_in}; },
            "The offer is taken back unless answered within this time.")
        .def("__repr__",
             [](const Offer& o) {
                 return "<Offer " + format_id(o.id) + " of " + format_id(o.agent) + " " +
                        o.hostname + " " + format_resources(o.resources) + ">";
             })
        .def("_repr_html_", [](const py::object& self) { return drawn("offer", self); });
    py::class_<InverseOffer>(m, "InverseOffer",
                             "A request to give resources back ahead of a planned outage.")
        .def_readonly("agent", &InverseOffer::agent)
        .def_readonly("resources", &InverseOffer::resources)
        .def_property_readonly(
            "start", [](const InverseOffer& i) { return make_datetime(i.unavailability.start); },
            "When the outage begins, UTC: what still runs then is killed.")
        .def_property_readonly(
            "length", [](const InverseOffer& i) { return Seconds{i.unavailability.length}; },
            "How long it is planned to last; zero: open end.");
}

Command command_of(const py::object& given, const py::dict& environment,
                   const std::string& working_directory, const std::string& user) {
    Command command;
    if (py::isinstance<py::str>(given)) {
        command.shell = given.cast<std::string>();
    } else {
        command.argv = given.cast<std::vector<std::string>>();
    }
    for (const auto& [name, value] : environment)
        command.environment.emplace_back(name.cast<std::string>(), value.cast<std::string>());
    command.working_directory = working_directory;
    command.user = user;
    return command;
}

TaskInfo make_task(TaskId id, const py::object& command, const AnyResources& resources,
                   const std::string& name, const std::optional<AnyResources>& limits,
                   const py::dict& environment, const std::string& working_directory,
                   const std::string& user, Seconds kill_grace, std::optional<Seconds> run_time_max,
                   std::int32_t priority, const py::dict& labels, const py::bytes& data) {
    TaskInfo task;
    task.id = std::move(id);
    task.name = name;
    task.resources = resources.value;
    if (limits) task.limits = limits->value;
    task.command = command_of(command, environment, working_directory, user);
    task.kill_policy.grace = kill_grace.value;
    if (run_time_max) task.run_time_max = run_time_max->value;
    task.priority = priority;
    task.labels = labels_of(labels);
    task.data = data;
    value_or_raise(validate(task));
    return task;
}

py::object command_shown(const TaskInfo& task) {
    if (!task.command.shell.empty()) return py::str(task.command.shell);
    return py::cast(task.command.argv);
}

void bind_task(py::module_& m) {
    py::class_<TaskInfo>(m, "TaskInfo", R"(A task as its framework describes it. Immutable.

`id` is yours to choose, unique in your framework. `command` is a text for /bin/sh -c, or a sequence
whose first element is the program. `resources` are taken from the offer that it is launched on.
`environment` is added to PATH, HOME and OFFERKIT_*. Times are timedelta or seconds: `kill_grace`
between SIGTERM and SIGKILL, `run_time_max` after which it is killed.

Raises Refusal for what no task may be.)")
        .def(py::init(&make_task), py::arg("id"), py::arg("command"), py::arg("resources"),
             py::kw_only(), py::arg("name") = "", py::arg("limits") = py::none(),
             py::arg("environment") = py::dict(), py::arg("working_directory") = "",
             py::arg("user") = "", py::arg("kill_grace") = Seconds{KillPolicy{}.grace},
             py::arg("run_time_max") = py::none(), py::arg("priority") = 0,
             py::arg("labels") = py::dict(), py::arg("data") = py::bytes())
        .def_readonly("id", &TaskInfo::id)
        .def_readonly("name", &TaskInfo::name)
        .def_readonly("resources", &TaskInfo::resources)
        .def_property_readonly("command", &command_shown)
        .def_readonly("priority", &TaskInfo::priority)
        .def_property_readonly("labels", [](const TaskInfo& t) { return dict_of(t.labels); })
        .def(
            "__eq__", [](const TaskInfo& a, const TaskInfo& b) { return a == b; },
            py::is_operator())
        .def("__repr__",
             [](const TaskInfo& t) {
                 return "<TaskInfo " + t.id.text() + " " + format_resources(t.resources) + ">";
             })
        .def("_repr_html_", [](const py::object& self) { return drawn("task", self); });
}

py::object exit_part(const TaskStatus& status, bool signal) {
    if (!status.exit || (status.exit->signal != 0) != signal) return py::none();
    return py::int_(signal ? status.exit->signal : status.exit->code);
}

void bind_status(py::module_& m) {
    py::class_<TaskStatus>(m, "TaskStatus", R"(What is known of a task now.

Told at least once, in the order of each task. Made by hand only in tests of a scheduler.)")
        .def(py::init([](TaskId task, TaskState state, StatusReason reason, std::string message) {
                 TaskStatus status;
                 status.task = std::move(task);
                 status.state = state;
                 status.reason = reason;
                 status.message = std::move(message);
                 return status;
             }),
             py::arg("task"), py::arg("state"), py::kw_only(),
             py::arg("reason") = StatusReason::none, py::arg("message") = "")
        .def_readonly("task", &TaskStatus::task)
        .def_readonly("state", &TaskStatus::state)
        .def_property_readonly(
            "is_terminal", [](const TaskStatus& s) { return is_terminal(s.state); },
            "True if the task has ended and nothing more will be told.")
        .def_property_readonly("agent", [](const TaskStatus& s) { return optional_id(s.agent); })
        .def_readonly("source", &TaskStatus::source)
        .def_readonly("reason", &TaskStatus::reason)
        .def_readonly("message", &TaskStatus::message)
        .def_property_readonly(
            "exit_code", [](const TaskStatus& s) { return exit_part(s, false); },
            "What the command exited with; None if it did not by itself.")
        .def_property_readonly(
            "exit_signal", [](const TaskStatus& s) { return exit_part(s, true); },
            "The signal that ended the command; None if none did.")
        .def_readonly("healthy", &TaskStatus::healthy)
        .def_property_readonly(
            "at", [](const TaskStatus& s) { return make_datetime(s.at); },
            "On the clock of the source, UTC.")
        .def_readonly("sandbox", &TaskStatus::sandbox,
                      "A folder on the agent; '' before it exists.")
        .def_property_readonly("labels", [](const TaskStatus& s) { return dict_of(s.labels); })
        .def_property_readonly("data", [](const TaskStatus& s) { return py::bytes(s.data); })
        .def("__repr__",
             [](const TaskStatus& s) {
                 return "<TaskStatus " + s.task.text() + " " +
                        std::string(format_task_state(s.state)) +
                        (s.message.empty() ? "" : ": " + s.message) + ">";
             })
        .def("_repr_html_", [](const py::object& self) { return drawn("status", self); });
}

}  // namespace

void bind_model(py::module_& m) {
    // Read now: reading them imports, and a first call may come from any thread.
    static_cast<void>(members_of<TaskState>());
    static_cast<void>(members_of<StatusSource>());
    static_cast<void>(members_of<StatusReason>());
    static_cast<void>(members_of<DeclineReason>());
    bind_offer(m);
    bind_task(m);
    bind_status(m);
    py::class_<DemandShape>(m, "Demand", R"(Tasks of one shape that a framework would take.

`count` of them, of which `gang` are needed at once (1: each alone is useful). `run_time` is an
estimate, None if there is none.)")
        .def(py::init([](const AnyResources& resources, std::uint32_t count, std::uint32_t gang,
                         std::optional<Seconds> run_time) {
                 DemandShape shape{resources.value, count, gang, Duration{0}};
                 if (run_time) shape.run_time_estimate = run_time->value;
                 return shape;
             }),
             py::arg("resources"), py::arg("count"), py::kw_only(), py::arg("gang") = 1,
             py::arg("run_time") = py::none())
        .def_readonly("resources", &DemandShape::resources)
        .def_readonly("count", &DemandShape::count)
        .def_readonly("gang", &DemandShape::gang);
}

}  // namespace offerkit::python
