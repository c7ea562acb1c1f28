// SPDX-License-Identifier: Apache-2.0
// Floor 1 in Python: resources, exact in both directions.

#include "resources.hpp"

#include "module.hpp"

#include <offerkit/resources/builder.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::python {

namespace {

[[noreturn]] void refuse_value(const std::string& kind, const std::string& given, std::string why,
                               std::string todo, RefusalCode code = RefusalCode::malformed) {
    refuse(code, "resources", "read " + kind + "=" + given, std::move(why), std::move(todo));
}

/// The shortest decimal text of a number: of 0.1 it is "0.1", although no double is. A sum of
/// doubles that is not exact shows as more than three decimals, and is refused.
std::string decimal_text(const std::string& kind, py::handle value) {
    if (py::isinstance<py::str>(value)) return value.cast<std::string>();
    if (PyFloat_Check(value.ptr()) != 0) {
        char* const text =
            PyOS_double_to_string(PyFloat_AS_DOUBLE(value.ptr()), 'r', 0, 0, nullptr);
        std::string copy = text;
        PyMem_Free(text);
        return copy;
    }
    const bool is_decimal = py::hasattr(value, "as_integer_ratio");  // int and decimal.Decimal too.
    if (PyBool_Check(value.ptr()) != 0 || !(is_decimal || PyIndex_Check(value.ptr()) != 0)) {
        throw py::type_error(kind + " is a number or a text, not " +
                             std::string(py::str(py::type::of(value).attr("__name__"))));
    }
    return py::str(value);
}

std::int64_t units_of(const std::string& kind, py::handle value, std::int64_t multiplier = 1) {
    const std::string text = decimal_text(kind, value);
    const auto units = parse_amount(text, limits::amount_per_agent_max / multiplier);
    if (!units) refuse_value(kind, text, units.error().why, units.error().todo, units.error().code);
    return *units * multiplier;
}

/// "256MiB", "1.5 GiB". Without a unit it could mean anything.
std::int64_t size_of(const std::string& kind, py::handle value) {
    constexpr std::pair<std::string_view, std::int64_t> unit_sizes[] = {
        {"MiB", 1}, {"GiB", 1024}, {"TiB", 1024 * 1024}};
    const std::string text = decimal_text(kind, value);
    for (const auto& [unit, size] : unit_sizes) {
        if (!text.ends_with(unit)) continue;
        std::string number = text.substr(0, text.size() - unit.size());
        if (number.ends_with(' ')) number.pop_back();
        return units_of(kind, py::str(number), size);
    }
    const std::string unit_free = kind + "_mib=" + text;
    refuse_value(kind, text, "has no unit that is known",
                 "write " + kind + "=\"256MiB\" (or GiB, TiB), or " + unit_free);
}

Ranges ranges_of(const std::string& kind, py::handle value) {
    if (py::isinstance<py::str>(value)) {
        std::string text = value.cast<std::string>();
        if (!text.starts_with('[')) text = "[" + text + "]";
        return value_or_raise(Ranges::parse(text));
    }
    std::string text = "[";
    for (const py::handle item : py::iter(value)) {
        if (text.size() > 1) text += ",";
        if (PyLong_Check(item.ptr()) != 0) {
            text += std::string(py::str(item));
        } else if (py::isinstance<py::tuple>(item) && py::len(item) == 2) {
            text += std::string(py::str(item[py::int_(0)])) + "-" +
                    std::string(py::str(item[py::int_(1)]));
        } else {
            throw py::type_error(kind + " are numbers and (first, last) pairs");
        }
    }
    return value_or_raise(Ranges::parse(text + "]"));
}

Result<void> put_gpus(ResourcesBuilder& builder, py::handle value) {
    if (!py::isinstance<py::list>(value) && !py::isinstance<py::tuple>(value)) {
        return builder.amount(Gpus::name, units_of(Gpus::name, value));
    }
    std::vector<std::int64_t> cards;
    for (const py::handle card : value)
        cards.push_back(units_of(Gpus::name, card));
    return builder.gpu_cards(std::move(cards));
}

Result<void> put(ResourcesBuilder& builder, const std::string& kind, py::handle value) {
    if (kind == Mem::name || kind == Disk::name) return builder.amount(kind, size_of(kind, value));
    if (kind == "mem_mib") return builder.amount(Mem::name, units_of(kind, value));
    if (kind == "disk_mib") return builder.amount(Disk::name, units_of(kind, value));
    if (kind == Gpus::name) return put_gpus(builder, value);
    if (kind == Ports::name) return builder.ranges(kind, ranges_of(kind, value));
    return builder.amount(kind, units_of(kind, value));
}

Resources parse(const std::string& text) { return value_or_raise(parse_resources(text)); }

/// How many times `part` can be carved out of `whole`, by amounts alone.
std::int64_t count_of(const Resources& whole, const Resources& part) {
    if (part.is_empty()) {
        refuse(RefusalCode::invalid, "resources", "divide by nothing", "there is no limit to that",
               "give at least one amount");
    }
    const bool plain = part.all_ranges().empty() && part.all_sets().empty() &&
                       part.bundles().empty() && part.gpu_cards().empty() &&
                       whole.gpu_cards().empty();
    if (!plain) {
        refuse(RefusalCode::unsupported, "resources",
               "divide " + format_resources(whole) + " by " + format_resources(part),
               "cards, ranges and sets cannot be counted by amount",
               "subtract one after the other while `contains` holds");
    }
    std::int64_t count = std::numeric_limits<std::int64_t>::max();
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if (const std::int64_t each = part.amounts()[slot]; each > 0) {
            count = std::min(count, whole.amounts()[slot] / each);
        }
    }
    for (const NamedAmount& named : part.named())
        count = std::min(count, whole.named_units(named.name) / named.units);
    return count;
}

Resources multiply(const Resources& one, std::int64_t count) {
    if (count < 0) {
        refuse(RefusalCode::invalid, "resources", "multiply by " + std::to_string(count),
               "is negative", "give zero or more");
    }
    const auto times = [count](std::int64_t units) {
        if (count != 0 && units > limits::amount_per_cluster_max / count) {
            refuse(RefusalCode::too_large, "resources", "multiply by " + std::to_string(count),
                   "is more than a cluster may have", "multiply by less");
        }
        return units * count;
    };
    if (!one.all_ranges().empty() || !one.all_sets().empty() || !one.bundles().empty() ||
        !one.gpu_cards().empty()) {
        refuse(RefusalCode::unsupported, "resources", "multiply " + format_resources(one),
               "only amounts can be multiplied", "multiply the amounts, then add the rest");
    }
    Resources many;
    for (std::size_t slot = 0; slot < limits::slots; ++slot)
        many.amounts().set(slot, times(one.amounts()[slot]));
    for (const NamedAmount& named : one.named())
        many.put_named(named.name, times(named.units));
    return many;
}

/// Sums may not leave the bound that every sum relies on, and a port is there once.
Resources add(const Resources& left, const Resources& right) {
    const auto check = [&](std::int64_t have, std::int64_t more) {
        if (have <= limits::amount_per_cluster_max - more) return;
        refuse(RefusalCode::too_large, "resources", "add " + format_resources(right),
               "the sum is more than a cluster may have", "add less");
    };
    for (std::size_t slot = 0; slot < limits::slots; ++slot)
        check(left.amounts()[slot], right.amounts()[slot]);
    for (const NamedAmount& named : right.named())
        check(left.named_units(named.name), named.units);
    Resources sum = left + right;
    if (sum - right != left) {
        refuse(RefusalCode::conflict, "resources " + format_resources(left),
               "add " + format_resources(right), "some ports or other elements are in both",
               "add only what is not there yet");
    }
    return sum;
}

Resources subtract(const Resources& left, const Resources& right) {
    if (!left.contains(right)) {
        refuse(RefusalCode::insufficient, "resources " + format_resources(left),
               "subtract " + format_resources(right), "there is not so much of it",
               "ask `contains` first");
    }
    return left - right;
}

std::int64_t milli(const Resources& resources, const std::string& kind) {
    if (const auto slot = find_builtin(kind)) return resources.amounts()[*slot];
    return resources.named_units(kind);
}

py::list pairs_of(const Ranges& ranges) {
    py::list pairs;
    for (const Range& range : ranges.spans())
        pairs.append(py::make_tuple(range.first, range.last));
    return pairs;
}

// tidy: presentation: Python's readers; sums and decisions are made in thousandths.
double shown(std::int64_t units) { return static_cast<double>(units) / thousandths; }

}  // namespace

Resources resources_of(const py::dict& kinds) {
    ResourcesBuilder builder;
    for (const auto& [kind, value] : kinds)
        value_or_raise(put(builder, kind.cast<std::string>(), value));
    return std::move(builder).take();
}

void bind_resources(py::module_& m) {
    py::class_<Resources>(m, "Resources", R"(How much there is of everything. Immutable and exact.

`a + b`, `a - b`, `a * 3`; `a >= b` and `a.contains(b)` say that b can be carved out of a; `a // b`
says how many times. Make them with `res(...)`, or of text: Resources('cpus:1.5;mem:512').)")
        .def(py::init(&parse), py::arg("text") = "",
             "Read 'cpus:1.5;mem:512;ports:[80,8080-8090]', mem and disk in MiB.\n\n"
             "Raises Refusal for what does not follow the format or is not exact.")
        .def_property_readonly(
            "cpus", [](const Resources& r) { return shown(milli(r, "cpus")); }, "Cpus, as a float.")
        .def_property_readonly(
            "mem_mib", [](const Resources& r) { return shown(milli(r, "mem")); },
            "Memory in MiB, as a float.")
        .def_property_readonly(
            "disk_mib", [](const Resources& r) { return shown(milli(r, "disk")); },
            "Disk in MiB, as a float.")
        .def_property_readonly(
            "gpus", [](const Resources& r) { return shown(milli(r, "gpus")); },
            "Gpus, the sum over all cards, as a float.")
        .def_property_readonly(
            "ports", [](const Resources& r) { return pairs_of(r.ports()); },
            "Ports as a list of (first, last), both included.")
        .def("milli", &milli, py::arg("kind"),
             "The exact amount of a kind in thousandths of its unit; 0 if there is none.")
        .def("contains", &Resources::contains, py::arg("part"),
             "True if `part` can be carved out of this.")
        .def("__add__", &add, py::is_operator())
        .def("__sub__", &subtract, py::is_operator())
        .def("__mul__", &multiply, py::is_operator())
        .def("__rmul__", &multiply, py::is_operator())
        .def("__floordiv__", &count_of, py::is_operator())
        .def(
            "__ge__", [](const Resources& a, const Resources& b) { return a.contains(b); },
            py::is_operator())
        .def(
            "__le__", [](const Resources& a, const Resources& b) { return b.contains(a); },
            py::is_operator())
        .def(
            "__eq__", [](const Resources& a, const Resources& b) { return a == b; },
            py::is_operator())
        .def("__bool__", [](const Resources& r) { return !r.is_empty(); })
        .def("__hash__", [](const Resources& r) { return py::hash(py::str(format_resources(r))); })
        .def("__str__", &format_resources)
        .def("__repr__",
             [](const Resources& r) { return "Resources('" + format_resources(r) + "')"; });
    m.def(
        "res", [](const py::kwargs& kinds) { return resources_of(kinds); },
        R"(Resources of typed amounts: res(cpus=0.5, mem="256MiB", gpus=1, ports="8080-8090").

cpus, gpus and kinds of your own (licenses=2) are numbers with at most three decimals; gpus may be a
list, one amount per card. mem and disk carry their unit (MiB, GiB, TiB), or are numbers as mem_mib
and disk_mib. ports are a text, or numbers and (first, last) pairs.

Raises Refusal for what is not exact, has no unit or is beyond a limit.)");
}

}  // namespace offerkit::python

namespace pybind11::detail {

bool type_caster<offerkit::python::AnyResources>::load(handle source, bool) {
    if (isinstance<str>(source)) {
        value.value =
            offerkit::python::value_or_raise(offerkit::parse_resources(source.cast<std::string>()));
        return true;
    }
    if (!isinstance<offerkit::Resources>(source)) return false;
    value.value = source.cast<const offerkit::Resources&>();
    return true;
}

}  // namespace pybind11::detail
