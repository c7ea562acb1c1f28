// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the routes of all daemons have in common: the form of their JSON documents, and what a
/// refusal is in HTTP.

#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/resources.hpp>
#include <offerkit/runtime/http_server.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace offerkit::daemons {

using Json = nlohmann::ordered_json;

inline constexpr int schema_version = 1;

/// Exact for every amount within the limits: the shortest text that reads back equal is printed.
[[nodiscard]] double in_display_units(std::int64_t thousandths);

[[nodiscard]] Json to_json(const Resources& resources);
[[nodiscard]] Json to_json(const Refusal& refusal);

/// "2026-11-22T03:04:05.678Z", or null for a time that was not said.
[[nodiscard]] Json format_time(WallTime at);

/// `{"schema_version": 1, NAME: ...}`
[[nodiscard]] Json document(const char* name, Json content);

[[nodiscard]] runtime::HttpResponse ok(const Json& json);

/// A refusal as a response: its status follows from its code.
[[nodiscard]] runtime::HttpResponse refuse(const Refusal& refusal);

[[nodiscard]] Refusal no_such_path(const runtime::HttpRequest& request);

/// One metric without labels in Prometheus' text format:
/// https://prometheus.io/docs/instrumenting/exposition_formats/
void add_metric(std::string& text, std::string_view name, std::string_view type,
                std::string_view help, std::uint64_t value);

/// A response of metrics, all in one text.
[[nodiscard]] runtime::HttpResponse metrics_response(std::string text);

/// What `/healthz` answers, to anybody.
[[nodiscard]] runtime::HttpResponse healthy();

}  // namespace offerkit::daemons
