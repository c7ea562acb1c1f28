// SPDX-License-Identifier: Apache-2.0
// Floor 3 in Python: allocation policies.

#include "policy.hpp"

#include "errors.hpp"
#include "module.hpp"

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/core/random.hpp>

#include <pybind11/stl.h>

#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::python {

namespace {

/// What a hook is handed is valid during the call: afterwards it says so, instead of showing what
/// has taken its place.
void require_valid(bool is_valid) {
    if (is_valid) return;
    refuse(RefusalCode::conflict, "policy", "look at what a hook was handed",
           "the hook has returned", "keep what you read from it, not the view");
}

template <class View>
class Lent {
public:
    Lent(const View& view, std::shared_ptr<const bool> is_valid)
        : view_(view), is_valid_(std::move(is_valid)) {}

    [[nodiscard]] const View& value() const {
        require_valid(*is_valid_);
        return view_;
    }

private:
    View view_;
    std::shared_ptr<const bool> is_valid_;
};

using LentNode = Lent<NodeView>;
using LentAgent = Lent<AgentView>;

class LentCandidates {
public:
    LentCandidates(const AgentCandidates& candidates, std::shared_ptr<const bool> is_valid)
        : at_(candidates.begin()), is_valid_(std::move(is_valid)) {}

    LentAgent next() {
        require_valid(*is_valid_);
        if (at_ == std::default_sentinel) throw py::stop_iteration();
        LentAgent agent{*at_, is_valid_};
        ++at_;
        return agent;
    }

private:
    AgentCandidates::Iterator at_;
    std::shared_ptr<const bool> is_valid_;
};

class Loan {
public:
    Loan() = default;
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { *is_valid_ = false; }

    [[nodiscard]] std::shared_ptr<const bool> is_valid() const { return is_valid_; }

private:
    std::shared_ptr<bool> is_valid_ = std::make_shared<bool>(true);
};

// --- ranks ---

std::int64_t integer_of(const py::handle& number) {
    const std::int64_t value = PyLong_AsLongLong(number.ptr());
    if (value == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    return value;
}

/// An int, a Fraction or a Share. Not a float: two machines must agree on who is next.
Share share_of(const py::object& returned, const char* hook) {
    if (py::isinstance<Share>(returned)) return returned.cast<Share>();
    if (PyLong_Check(returned.ptr()) != 0) return {integer_of(returned), 1};
    if (PyFloat_Check(returned.ptr()) == 0 && py::hasattr(returned, "numerator") &&
        py::hasattr(returned, "denominator")) {
        const std::int64_t of = integer_of(returned.attr("denominator"));
        if (of > 0) return {integer_of(returned.attr("numerator")), of};
        throw py::value_error(std::string(hook) + " returned " + std::string(py::repr(returned)) +
                              ", whose denominator is not positive");
    }
    throw py::type_error(std::string(hook) + " returned " + std::string(py::repr(returned)) +
                         "; return an int, a Fraction or a Share: two machines must agree on who "
                         "is next");
}

py::int_ wide(int128 value) {
    const py::int_ high{static_cast<std::int64_t>(value >> 32)};
    const py::int_ low{static_cast<std::int64_t>(value & 0xffffffff)};
    return py::int_(high * py::int_(std::int64_t{1} << 32) + low);
}

// --- the policy ---

struct Hooks {
    py::object rank;
    py::object agent_key;  // Null: the author has not got it.
    py::object pick;
    py::object shape;
    py::object begin_cycle;
    std::shared_ptr<PolicyFailure> failure;
};

/// Takes the GIL, and keeps what the hook raised; the cycle hears of it in words.
template <class F>
auto hooked(const Hooks& hooks, F&& f) {
    const py::gil_scoped_acquire gil;
    if (hooks.failure->error) throw std::runtime_error("another hook has failed before");
    const auto fail = [&](const py::error_already_set& error) {
        if (!hooks.failure->error) hooks.failure->error = error;
        return std::runtime_error(error.what());
    };
    try {
        return f();
    } catch (const py::error_already_set& error) {
        throw fail(error);
    } catch (const RefusalError& error) {
        throw fail(python_error(error));
    } catch (const py::builtin_exception& error) {
        throw fail(python_error(error));
    }
}

/// Without `pick` it has `agent_key`, which alike for all agents leaves them in their order.
template <bool picks, bool begins>
struct PyPolicy {
    static constexpr auto name = "python";

    std::shared_ptr<const Hooks> hooks;

    [[nodiscard]] Share rank(const NodeView& node) const {
        return hooked(*hooks, [&] {
            const Loan loan;
            return share_of(hooks->rank(LentNode{node, loan.is_valid()}), "rank");
        });
    }

    [[nodiscard]] Share agent_key(const AgentView& agent) const
        requires(!picks)
    {
        if (!hooks->agent_key) return {};
        return hooked(*hooks, [&] {
            const Loan loan;
            return share_of(hooks->agent_key(LentAgent{agent, loan.is_valid()}), "agent_key");
        });
    }

    [[nodiscard]] AgentIndex pick(const NodeView& node, const AgentCandidates& candidates) const
        requires picks
    {
        return hooked(*hooks, [&]() -> AgentIndex {
            const Loan loan;
            const py::object chosen = hooks->pick(LentNode{node, loan.is_valid()},
                                                  LentCandidates{candidates, loan.is_valid()});
            if (chosen.is_none()) return {};
            if (!py::isinstance<LentAgent>(chosen)) {
                throw py::type_error("pick returned " + std::string(py::repr(chosen)) +
                                     "; return one of the candidates, or None");
            }
            return chosen.cast<const LentAgent&>().value().index();
        });
    }

    [[nodiscard]] Resources shape(const NodeView& node, const AgentView& agent,
                                  const Resources& available) const {
        if (!hooks->shape) return available;
        return hooked(*hooks, [&] {
            const Loan loan;
            auto shaped =
                hooks->shape(LentNode{node, loan.is_valid()}, LentAgent{agent, loan.is_valid()})
                    .template cast<Resources>();
            if (shaped.named().empty()) return shaped;
            throw py::type_error("shape returned kinds that are not built in");
        });
    }

    void begin_cycle(Rng& rng) const
        requires begins
    {
        hooked(*hooks, [&] { hooks->begin_cycle(rng.next()); });
    }
};

std::shared_ptr<const Hooks> hooks_of(const py::object& policy,
                                      std::shared_ptr<PolicyFailure> failure) {
    const auto hook = [&](const char* name) {
        return py::hasattr(policy, name) ? py::object(policy.attr(name)) : py::object();
    };
    auto* const hooks = new Hooks{hook("rank"),  hook("agent_key"),   hook("pick"),
                                  hook("shape"), hook("begin_cycle"), std::move(failure)};
    return {hooks, [](const Hooks* last) {
                const py::gil_scoped_acquire gil;
                delete last;
            }};
}

constexpr const char* hook_names[] = {"rank", "agent_key", "pick", "shape", "begin_cycle"};

/// A hook that is misspelt would never be called. A policy may well have other methods: only those
/// that look like a hook are refused.
void refuse_misspelt(const py::object& policy, const std::string& who) {
    const py::list hooks =
        py::cast(std::vector<std::string>{std::begin(hook_names), std::end(hook_names)});
    const py::object find_near = py::module_::import("difflib").attr("get_close_matches");
    for (const py::handle each : py::module_::import("builtins").attr("dir")(policy)) {
        const auto name = each.cast<std::string>();
        if (name.starts_with("_") || hooks.contains(name)) continue;
        const py::list near = find_near(name, hooks, 1, 0.8);
        if (near.empty() || PyCallable_Check(policy.attr(name.c_str()).ptr()) == 0) continue;
        refuse(RefusalCode::invalid, who, "use " + name, "no hook has this name",
               "did you mean " + std::string(py::str(near[0])) + "?");
    }
}

void validate(const py::object& policy) {
    const std::string who =
        "policy " + std::string(py::str(PyType_Check(policy.ptr()) != 0
                                            ? policy.attr("__name__")
                                            : py::type::of(policy).attr("__name__")));
    refuse_misspelt(policy, who);
    if (!py::hasattr(policy, "rank")) {
        refuse(RefusalCode::invalid, who, "find rank", "it says nobody's turn",
               "write rank(node): the lowest is served first");
    }
    if (py::hasattr(policy, "agent_key") && py::hasattr(policy, "pick")) {
        refuse(RefusalCode::invalid, who, "choose agents", "it has agent_key and pick",
               "keep one of them: both would order agents");
    }
}

template <bool picks, bool begins>
std::unique_ptr<Allocator> make(std::shared_ptr<const Hooks> hooks) {
    return std::make_unique<Cycle<PyPolicy<picks, begins>>>(
        PyPolicy<picks, begins>{std::move(hooks)});
}

// --- what hooks see ---

std::int64_t milli(const Amounts& amounts, const std::string& kind) {
    if (const auto slot = find_builtin(kind)) return amounts[*slot];
    refuse(RefusalCode::not_found, "amounts", "find " + kind, "is no kind that is built in",
           "use cpus, mem, disk or gpus");
}

void bind_amounts(py::module_& m) {
    py::class_<Share>(m, "Share", R"(A fraction, exact: what a rank should be made of.)")
        .def_readonly("held", &Share::held)
        .def_property_readonly("of", [](const Share& s) { return wide(s.of); })
        .def(
            "__lt__", [](const Share& a, const Share& b) { return a < b; }, py::is_operator())
        .def(
            "__eq__", [](const Share& a, const Share& b) { return a == b; }, py::is_operator())
        .def("__repr__", [](const Share& s) {
            return "Share(" + std::to_string(s.held) + "/" + std::string(py::str(wide(s.of))) + ")";
        });
    py::class_<Amounts>(m, "Amounts", R"(How much of each kind, in thousandths of its unit.)")
        .def("milli", &milli, py::arg("kind"),
             "Thousandths of a built-in kind: cpus, mem (MiB), disk (MiB) or gpus.")
        .def_property_readonly(
            "cpus", [](const Amounts& a) { return milli(a, "cpus"); }, "Thousandths of a cpu.")
        .def_property_readonly(
            "mem", [](const Amounts& a) { return milli(a, "mem"); }, "Thousandths of a MiB.")
        .def_property_readonly(
            "gpus", [](const Amounts& a) { return milli(a, "gpus"); }, "Thousandths of a gpu.")
        .def(
            "dominant_share",
            [](const Amounts& held, const Amounts& total, std::int64_t weight) {
                if (weight >= 1 && weight <= limits::weight_max) {
                    return dominant_share(held, total, weight);
                }
                refuse(RefusalCode::invalid, "weight", "divide by " + std::to_string(weight),
                       "is out of range", "stay between 1 and a million thousandths");
            },
            py::arg("total"), py::arg("weight") = 1000,
            "The largest share of any one kind that this is of `total`, divided by the weight in "
            "thousandths.");
}

void bind_views(py::module_& m) {
    const auto see = [](auto member) {
        return [member](const LentNode& node) { return (node.value().*member)(); };
    };
    py::class_<LentNode>(m, "Node",
                         R"(One party that competes: a role with all below it, or a framework in a
role. Valid during the call that it is handed to. All amounts and the weight are in thousandths.)")
        .def_property_readonly("role", [](const LentNode& n) { return n.value().role(); })
        .def_property_readonly("identity", see(&NodeView::identity),
                               "Made of the role's path and the framework's id alone.")
        .def_property_readonly("is_leaf", see(&NodeView::is_leaf),
                               "True for a framework in a role.")
        .def_property_readonly("depth", see(&NodeView::depth))
        .def_property_readonly("weight", see(&NodeView::weight), "1000 unless configured.")
        .def_property_readonly("is_blocked", see(&NodeView::is_blocked))
        .def_property_readonly("arrival", see(&NodeView::arrival), "A number that ascends.")
        .def_property_readonly("last_served", see(&NodeView::last_served), "Zero: never.")
        .def_property_readonly(
            "allocated", [](const LentNode& n) { return n.value().allocated(); },
            "What the subtree holds, offers included.")
        .def_property_readonly(
            "demand", [](const LentNode& n) { return n.value().demand(); },
            "What the subtree said that it wants. Zero may also mean: not said.")
        .def_property_readonly(
            "totals", [](const LentNode& n) { return n.value().totals(); },
            "What all agents have together.");
    py::class_<LentAgent>(m, "Agent", "An agent, valid during the call that it is handed to.")
        .def_property_readonly("id", [](const LentAgent& a) { return a.value().id(); })
        .def_property_readonly("total",
                               [](const LentAgent& a) { return a.value().total().amounts(); })
        .def_property_readonly("available",
                               [](const LentAgent& a) { return a.value().available().amounts(); })
        .def_property_readonly(
            "totals", [](const LentAgent& a) { return a.value().totals(); },
            "What all agents have together.");
    py::class_<LentCandidates>(m, "Candidates", "The agents that fit, in agent order, lazily.")
        .def("__iter__", [](const py::object& self) { return self; })
        .def("__next__", &LentCandidates::next);
}

}  // namespace

std::function<std::unique_ptr<Allocator>()> allocators_of(const py::object& policy,
                                                          std::shared_ptr<PolicyFailure> failure) {
    validate(policy);
    return [policy = share(policy), failure = std::move(failure)]() -> std::unique_ptr<Allocator> {
        const bool is_class = PyType_Check(policy->ptr()) != 0;
        const auto hooks = hooks_of(is_class ? (*policy)() : *policy, failure);
        if (hooks->pick) {
            return hooks->begin_cycle ? make<true, true>(hooks) : make<true, false>(hooks);
        }
        return hooks->begin_cycle ? make<false, true>(hooks) : make<false, false>(hooks);
    };
}

void bind_policy(py::module_& m) {
    bind_amounts(m);
    bind_views(m);
}

}  // namespace offerkit::python
