// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Why a framework waits, as JSON and in words. The words are here, not in the tool, so that all
/// who ask read the same.

#include <daemons/common/http.hpp>
#include <offerkit/master/explain.hpp>
#include <offerkit/runtime/http_server.hpp>

#include <string>

namespace offerkit::daemons {

/// GET /v1/frameworks/ID/why?role=PATH&wanted=RESOURCES&agents=N
/// Refuses: `not_found` frameworks, `invalid` queries.
[[nodiscard]] runtime::HttpResponse answer_why(const master::ReadModel& model,
                                               const std::string& framework,
                                               const runtime::HttpRequest& request, WallTime now);

}  // namespace offerkit::daemons
