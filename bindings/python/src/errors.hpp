// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How refusals cross into Python: as the exception `offerkit.Refusal`, field by field.

#include <offerkit/core/result.hpp>

#include <pybind11/pybind11.h>

#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace offerkit::python {

namespace py = pybind11;

/// Carries a refusal to the next boundary with Python.
class RefusalError : public std::exception {
public:
    explicit RefusalError(Refusal refusal)
        : refusal_(std::move(refusal)), text_(format_refusal(refusal_)) {}

    [[nodiscard]] const Refusal& refusal() const { return refusal_; }
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

private:
    Refusal refusal_;
    std::string text_;
};

[[noreturn]] inline void refuse(RefusalCode code, std::string who, std::string what,
                                std::string why, std::string todo) {
    throw RefusalError{{code, std::move(who), std::move(what), std::move(why), std::move(todo)}};
}

template <class T>
T value_or_raise(Result<T>&& result) {
    if (!result) throw RefusalError{std::move(result).error()};
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

/// The exception object for a refusal. Pre: the GIL is held.
[[nodiscard]] py::object make_exception(const Refusal& refusal);

/// An error as Python has it, with nothing left pending. Pre: the GIL is held.
[[nodiscard]] inline py::error_already_set python_error(const py::builtin_exception& error) {
    error.set_error();
    return {};
}
[[nodiscard]] inline py::error_already_set python_error(const RefusalError& error) {
    const py::object made = make_exception(error.refusal());
    PyErr_SetObject(py::type::of(made).ptr(), made.ptr());
    return {};
}

/// An object that may be held, and let go of, where the GIL is not: copies of the pointer are
/// nobody's business, and the last one takes it. Pre: the GIL is held.
[[nodiscard]] inline std::shared_ptr<py::object> share(py::object object) {
    return {new py::object(std::move(object)), [](py::object* last) {
                const py::gil_scoped_acquire gil;
                delete last;
            }};
}

}  // namespace offerkit::python
