// SPDX-License-Identifier: Apache-2.0
#pragma once

/// GET /v1/events?since=N&limit=N&cause=N&agent=ID&framework=ID&task=ID

#include <offerkit/master/read_model.hpp>
#include <offerkit/runtime/http_server.hpp>

namespace offerkit::daemons {

/// What came after event `since`, the oldest first. What the ring has dropped is counted. Refuses:
/// `invalid` queries, `malformed` ids.
[[nodiscard]] runtime::HttpResponse answer_events(const master::ReadModel& model,
                                                  const runtime::HttpRequest& request);

}  // namespace offerkit::daemons
