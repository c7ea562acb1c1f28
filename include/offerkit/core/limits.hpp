// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Every limit in one place. Each is tested at the limit and one past it. Bytes unless the name
/// says otherwise.

#include <offerkit/core/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace offerkit::limits {

// Amounts, in thousandths of the display unit.
inline constexpr std::int64_t amount_per_agent_max = std::int64_t{1} << 46;
inline constexpr std::int64_t amount_per_cluster_max = std::int64_t{1} << 53;
inline constexpr std::int64_t weight_max = 1'000'000;  // Thousandths; the least is 1.

// Resources.
inline constexpr std::size_t slots = 16;
inline constexpr std::size_t kind_name_max = 64;
inline constexpr std::size_t named_kinds_max = 64;
inline constexpr std::size_t ranges_per_kind_max = 4096;
inline constexpr std::size_t set_items_max = 1024;
inline constexpr std::size_t set_item_bytes_max = 128;
inline constexpr std::size_t gpu_cards_max = 64;
inline constexpr std::size_t bundles_per_agent_max = 1024;
inline constexpr std::size_t resources_text_max = 16 * 1024;

// Names and texts.
inline constexpr std::size_t task_id_max = 255;
inline constexpr std::size_t executor_id_max = 255;
inline constexpr std::size_t role_path_max = 255;
inline constexpr std::size_t role_depth_max = 16;
inline constexpr std::size_t name_max = 255;
inline constexpr std::size_t principal_max = 255;
inline constexpr std::size_t token_max = 512;
inline constexpr std::size_t message_text_max = 4096;
inline constexpr std::size_t path_max = 4096;
inline constexpr std::size_t labels_max = 64;
inline constexpr std::size_t label_bytes_max = 1024;
inline constexpr std::size_t attributes_max = 64;

// Tasks.
inline constexpr std::size_t command_bytes_max = 64 * 1024;  // Shell text, or argv all together.
inline constexpr std::size_t argv_max = 1024;
inline constexpr std::size_t environment_max = 1024;
inline constexpr std::size_t environment_bytes_max = 64 * 1024;
inline constexpr std::size_t task_data_max = 256 * 1024;
inline constexpr std::size_t discovery_ports_max = 256;
inline constexpr std::size_t framework_data_max = 1024 * 1024;
inline constexpr std::size_t tasks_per_agent_max = 10'000;
inline constexpr Duration kill_grace_max = std::chrono::hours{24};

// Conversations.
inline constexpr std::size_t frame_max = 4 * 1024 * 1024;
inline constexpr std::size_t frame_depth_max = 32;
inline constexpr std::size_t channels_per_connection_max = 4096;
inline constexpr std::size_t connections_without_channel_max = 1024;
inline constexpr std::size_t hello_max = 4096;
inline constexpr Duration hello_wait = std::chrono::seconds{5};  // Or without a channel later on.
inline constexpr std::size_t roles_per_framework_max = 1024;
inline constexpr std::size_t offers_per_call_max = 4096;
inline constexpr std::size_t operations_per_accept_max = 4096;
inline constexpr std::size_t statuses_per_message_max = 4096;
inline constexpr std::size_t message_bytes_aim = 1024 * 1024;  // Lists longer than this are split.
inline constexpr std::size_t tasks_ended_kept_max = 10'000;    // By a framework, against repeats.
inline constexpr std::size_t filters_per_subscribe_max = 65'536;
inline constexpr std::size_t demand_shapes_max = 1024;  // Per role.
inline constexpr std::size_t tasks_per_reconcile_max = 65'536;
inline constexpr std::size_t outbound_bytes_per_channel_max = 16 * 1024 * 1024;
inline constexpr std::size_t outbound_bytes_per_connection_max = 64 * 1024 * 1024;
inline constexpr std::size_t inbound_events_max = 65'536;
inline constexpr std::size_t batch_events_max = 4096;

// Cluster.
inline constexpr Duration drain_within_max = std::chrono::hours{24 * 30};
inline constexpr std::size_t agents_gone_max = 10'000;        // The oldest are forgotten.
inline constexpr std::size_t questions_open_max = 1'000'000;  // About tasks of agents not yet back.
inline constexpr std::size_t agents_max = 200'000;
inline constexpr std::size_t frameworks_max = 50'000;
inline constexpr std::size_t roles_max = 50'000;
inline constexpr Duration refuse_for_max = std::chrono::hours{24 * 365};
inline constexpr Duration failover_timeout_max = std::chrono::hours{24 * 365};

// The jobs file of `offerkit run`.
inline constexpr std::size_t jobs_line_max = 256 * 1024;
inline constexpr std::size_t jobs_max = 1'000'000;
inline constexpr int job_retries_max = 1000;

}  // namespace offerkit::limits
