// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The documents of the HTTP API, and the little that all commands do with them.

#include "http_peer.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace offerkit::tools {

using Json = nlohmann::ordered_json;

/// The document at `path`, if it is an object with `member`. Refuses: what `HttpPeer::get` refuses;
/// `malformed` if it is something else.
[[nodiscard]] inline Result<Json> get_document(HttpPeer& peer, const std::string& path,
                                               const std::string& member, const Query& query = {}) {
    const Result<std::string> body = peer.get(path, query);
    if (!body) return body.error();
    Json document = Json::parse(*body, nullptr, false);
    if (!document.is_object() || !document.contains(member)) {
        return Refusal{RefusalCode::malformed, "master", "answer " + path,
                       "the answer is not understood", "run the same version on both sides"};
    }
    return document;
}

/// A field for a table: a dash if it is not there, or null.
[[nodiscard]] inline std::string text_of(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.is_null() ? "-" : value.dump();
}

[[nodiscard]] inline std::string field(const Json& object, const char* name) {
    return object.contains(name) ? text_of(object[name]) : "-";
}

}  // namespace offerkit::tools
