// SPDX-License-Identifier: Apache-2.0
#pragma once

/// GET /v1/tasks?framework=ID&agent=ID&state=NAME&id=TASK&limit=N

#include <offerkit/master/read_model.hpp>
#include <offerkit/runtime/http_server.hpp>

namespace offerkit::daemons {

/// What is left out is stated, never silently cut. Refuses: `invalid` queries, `malformed` ids.
[[nodiscard]] runtime::HttpResponse answer_tasks(const master::ReadModel& model,
                                                 const runtime::HttpRequest& request);

}  // namespace offerkit::daemons
