// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The read model as JSON, as `offerkit ... -o json` and the HTTP API show it. Every document
/// carries `schema_version`; amounts are in display units (cpus, MiB), times in RFC 3339.

#include <offerkit/master/read_model.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>

namespace offerkit::daemons {

using Json = nlohmann::ordered_json;

inline constexpr int schema_version = 1;

[[nodiscard]] Json to_json(const Resources& resources);
[[nodiscard]] Json to_json(const Refusal& refusal);
[[nodiscard]] Json to_json(const master::AgentView& agent);
[[nodiscard]] Json to_json(const master::FrameworkPut& framework, const master::ReadModel& model);
[[nodiscard]] Json to_json(const master::TaskView& task);
[[nodiscard]] Json to_json(const master::OfferPut& offer);
[[nodiscard]] Json to_json(const RoleConfig& config);

/// "2026-11-22T03:04:05.678Z", or null for a time that was not said.
[[nodiscard]] Json format_time(WallTime at);

/// `{"schema_version": 1, NAME: ...}`
[[nodiscard]] Json document(const char* name, Json content);

}  // namespace offerkit::daemons
