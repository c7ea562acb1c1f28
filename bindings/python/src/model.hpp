// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How small nouns cross: named ids are `str` in Python (told apart by the type checker), labels
/// are a dict.

#include <offerkit/core/id.hpp>
#include <offerkit/model/labels.hpp>
#include <offerkit/model/offer.hpp>

#include <pybind11/pybind11.h>

#include <string>

namespace offerkit::python {

namespace py = pybind11;

/// An argument that names an offer: the offer itself, or its id.
struct OfferRef {
    OfferId id;
};

[[nodiscard]] Labels labels_of(const py::dict& dict);
[[nodiscard]] py::dict dict_of(const Labels& labels);

/// None for an id that is none.
template <class Tag>
[[nodiscard]] py::object optional_id(NumberedId<Tag> id) {
    return id.is_none() ? py::object(py::none()) : py::cast(id);
}

}  // namespace offerkit::python

namespace pybind11::detail {

template <class Tag>
struct type_caster<offerkit::NamedId<Tag>> {
    PYBIND11_TYPE_CASTER(offerkit::NamedId<Tag>, const_name("str"));
    bool load(handle source, bool) {
        if (!isinstance<str>(source)) return false;
        value = offerkit::NamedId<Tag>{source.cast<std::string>()};
        return true;
    }
    static handle cast(const offerkit::NamedId<Tag>& id, return_value_policy, handle) {
        return str(id.text()).release();
    }
};

template <>
struct type_caster<offerkit::python::OfferRef> {
    PYBIND11_TYPE_CASTER(offerkit::python::OfferRef, const_name("Offer | OfferId"));
    bool load(handle source, bool) {
        if (isinstance<offerkit::Offer>(source)) {
            value.id = source.cast<const offerkit::Offer&>().id;
            return true;
        }
        if (!isinstance<offerkit::OfferId>(source)) return false;
        value.id = source.cast<offerkit::OfferId>();
        return true;
    }
};

}  // namespace pybind11::detail
