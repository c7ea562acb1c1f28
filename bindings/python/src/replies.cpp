// SPDX-License-Identifier: Apache-2.0
// Floor 4 in Python: what a scheduler answers and asks for.

#include "replies.hpp"

#include "enums.hpp"
#include "model.hpp"
#include "module.hpp"
#include "resources.hpp"
#include "times.hpp"

#include <offerkit/model/validate.hpp>

#include <pybind11/stl.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::python {

OfferReply reply_of(const py::object& returned, const char* handler) {
    if (py::isinstance<Accept>(returned)) return returned.cast<Accept>();
    if (py::isinstance<Decline>(returned)) return returned.cast<Decline>();
    if (py::isinstance<Hold>(returned)) return returned.cast<Hold>();
    throw py::type_error(std::string(handler) + " returned " + std::string(py::repr(returned)) +
                         "; return Accept, Decline or Hold: every offer wants one reply");
}

namespace {

std::vector<Role> roles_of(const std::vector<std::string>& paths) {
    std::vector<Role> roles;
    for (const std::string& path : paths)
        roles.push_back(value_or_raise(Role::parse(path)));
    return roles;
}

void bind_answers(py::module_& m) {
    py::class_<Accept>(m, "Accept", R"(Takes an offer and launches tasks on it.

`offer` is the offer or its id; `more_offers` are others of the same agent, taken together with it.
What is left over counts as declined for `refuse_for` (timedelta or seconds).)")
        .def(py::init([](OfferRef offer, std::vector<TaskInfo> launch,
                         const std::vector<OfferRef>& more_offers, Seconds refuse_for) {
                 Accept accept{offer.id, {}, std::move(launch), {}, refuse_for.value};
                 for (const OfferRef& each : more_offers)
                     accept.more_offers.push_back(each.id);
                 return accept;
             }),
             py::arg("offer"), py::arg("launch") = py::tuple(), py::kw_only(),
             py::arg("more_offers") = py::tuple(), py::arg("refuse_for") = Seconds{})
        .def_readonly("offer", &Accept::offer)
        .def_readonly("launch", &Accept::launch)
        .def("__repr__", [](const Accept& a) {
            return "<Accept " + format_id(a.offer) + ", " + std::to_string(a.launch.size()) +
                   " tasks>";
        });
    py::class_<Decline>(m, "Decline", R"(Does not take an offer.

The agent is not offered again for `refuse_for` (timedelta or seconds), unless it has more by then.
`reason` and `detail` are kept as counts and shown to whoever asks why something waits.)")
        .def(py::init(
                 [](OfferRef offer, Seconds refuse_for, DeclineReason reason, std::string detail) {
                     return Decline{offer.id, refuse_for.value, reason, std::move(detail)};
                 }),
             py::arg("offer"), py::arg("refuse_for") = Seconds{refuse_for_default},
             py::arg("reason") = DeclineReason::unspecified, py::arg("detail") = "")
        .def_readonly("offer", &Decline::offer)
        .def_readonly("reason", &Decline::reason)
        .def_readonly("detail", &Decline::detail)
        .def("__repr__", [](const Decline& d) {
            return "<Decline " + format_id(d.offer) + ", " +
                   std::string(format_decline_reason(d.reason)) + ">";
        });
    py::class_<Hold>(m, "Hold", R"(Keeps an offer without an answer, for at most so long.

Answer it later with `replies.reply(...)`. When the time is over it is declined, with a warning.)")
        .def(
            py::init([](OfferRef offer, Seconds at_most) { return Hold{offer.id, at_most.value}; }),
            py::arg("offer"), py::arg("at_most") = Seconds{std::chrono::seconds{5}})
        .def_readonly("offer", &Hold::offer)
        .def("__repr__", [](const Hold& h) { return "<Hold " + format_id(h.offer) + ">"; });
}

void state_demand(const LentReplies& lent,
                  const std::map<std::string, std::vector<DemandShape>>& by_role) {
    std::vector<Demand> demands;
    for (const auto& [path, shapes] : by_role) {
        demands.push_back({value_or_raise(Role::parse(path)), shapes});
        value_or_raise(validate(demands.back()));
    }
    lent.value().state_demand(std::move(demands));
}

}  // namespace

void bind_replies(py::module_& m) {
    bind_answers(m);
    py::class_<LentReplies, std::shared_ptr<LentReplies>>(
        m, "Replies",
        R"(Collects what a handler answers and asks for. Valid until the handler returns.)")
        .def(
            "reply",
            [](const LentReplies& lent, const py::object& reply) {
                lent.value().reply(reply_of(reply, "reply"));
            },
            py::arg("reply"), "Answers an offer: with Accept, Decline or Hold.")
        .def(
            "kill",
            [](const LentReplies& lent, TaskId task, std::optional<Seconds> grace) {
                std::optional<Duration> given;
                if (grace) given = grace->value;
                lent.value().kill(std::move(task), given);
            },
            py::arg("task"), py::arg("grace") = py::none(),
            "Ends a task. `grace`: between SIGTERM and SIGKILL; None: as its description says.")
        .def(
            "revive",
            [](const LentReplies& lent, const std::vector<std::string>& roles) {
                lent.value().revive(roles_of(roles));
            },
            py::arg("roles") = py::tuple(),
            "Offers again, and all refuse filters gone. In all roles if none is named.")
        .def(
            "suppress",
            [](const LentReplies& lent, const std::vector<std::string>& roles) {
                lent.value().suppress(roles_of(roles));
            },
            py::arg("roles") = py::tuple(), "No offers until `revive`.")
        .def("state_demand", &state_demand, py::arg("by_role"),
             "Says what is wanted, a list of Demand by role; an empty list: nothing at present.")
        .def(
            "reconcile",
            [](const LentReplies& lent, std::vector<TaskId> tasks) {
                lent.value().reconcile(std::move(tasks));
            },
            py::arg("tasks") = py::tuple(), "Asks for the state of these tasks, or of all.")
        .def(
            "send",
            [](const LentReplies& lent, AgentId agent, ExecutorId executor, py::bytes data) {
                lent.value().send({agent, std::move(executor), std::string(data)});
            },
            py::arg("agent"), py::arg("executor"), py::arg("data"),
            "Sends bytes to a custom executor: at most once, in no promised order.")
        .def(
            "stop", [](const LentReplies& lent, bool teardown) { lent.value().stop(teardown); },
            py::arg("teardown") = true,
            "Ends this framework. `teardown`: what still runs is killed and the id is freed; "
            "without it the tasks live on for the failover timeout.");
}

}  // namespace offerkit::python
