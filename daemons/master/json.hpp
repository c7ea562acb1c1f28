// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The read model as JSON, as `offerkit ... -o json` and the HTTP API show it. Every document
/// carries `schema_version`; amounts are in display units (cpus, MiB), times in RFC 3339.

#include <daemons/common/http.hpp>
#include <offerkit/master/read_model.hpp>

namespace offerkit::daemons {

[[nodiscard]] Json to_json(const master::AgentView& agent);
[[nodiscard]] Json to_json(const master::FrameworkPut& framework, const master::ReadModel& model);
[[nodiscard]] Json to_json(const master::TaskView& task);
[[nodiscard]] Json to_json(const master::OfferPut& offer);
[[nodiscard]] Json to_json(const RoleConfig& config);

}  // namespace offerkit::daemons
